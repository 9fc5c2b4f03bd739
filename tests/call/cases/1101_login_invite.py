# SPDX-License-Identifier: Apache-2.0
"""auth: limen, INVITE: 407 without a transaction, then let in with either hash; the credentials do not cross; wrong ones get 403."""
from lib.digest import Login, asking

CONFIG = asking
CDR = {"status": 200, "cause": "bye"}


def asked(t, d, **kw):
    """An INVITE without credentials, and its challenge."""
    d.call(**kw)
    m = d.expect(407)
    d.ack_refusal(m)
    t.equal(len(m.all("Proxy-Authenticate")), 2, "challenges")
    t.check("SHA-256" in m["Proxy-Authenticate"], "the stronger one is first")
    return m


def run(t):
    t.b
    d = t.caller()
    m = asked(t, d)
    t.equal(t.metric("limen_calls_total"), 0, "calls")
    login = Login("alice", "secret of alice").challenged(m)
    d.call(headers=[login.header("INVITE", d.target)])
    b = t.callee()
    t.equal(b.invite["Proxy-Authorization"] + b.invite["Authorization"], "", "credentials across")
    b.ok(sdp=True)
    d.answered()
    b.expect("ACK")
    t.hang_up(d, b)

    for user, password, algorithm in (("alice", "guess", "MD5"), ("mallory", "guess", "SHA-256")):
        e = t.caller(user=user)
        e.call(headers=[Login(user, password).challenged(asked(t, e), algorithm).header("INVITE", e.target)])
        e.refused(403)
    t.equal(t.metric("limen_login_forbidden_total"), 2, "wrong credentials")

    # bob's password does not make him alice
    e = t.caller(user="alice")
    e.call(headers=[Login("bob", "secret of bob").challenged(asked(t, e)).header("INVITE", e.target)])
    e.refused(403)
    t.wait_log("why=other_user")
    t.equal(t.metric("limen_calls_total"), 1, "calls")
