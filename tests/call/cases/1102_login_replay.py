# SPDX-License-Identifier: Apache-2.0
"""auth: limen: a count used before, a nonce too old, of another source or of nobody: stale=true, and the right password gets in with the new one."""
import time

from lib.digest import Login, asking

CDR = []


def CONFIG(t):
    c = asking(t, nonce_ms=1000)
    c["routes"][0] = {"name": "phones", "match": {"network": "access"}, "deny": {"code": 488}}
    return c


def ask(t, ep=None):
    d = t.caller(ep)
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    return Login("alice", "secret of alice").challenged(m)


def tried(t, login, status, ep=None, **kw):
    """488: it was let in, as far as the route."""
    d = t.caller(ep)
    d.call(headers=[login.header("INVITE", d.target, **kw)])
    m = d.refused(status)
    if status == 407:
        t.check("stale=true" in m["Proxy-Authenticate"], "stale")
        login.challenged(m)


def run(t):
    t.b
    login = ask(t)
    tried(t, login, 488)
    tried(t, login, 488)
    tried(t, login, 407, nc=2)
    t.equal(t.metric("limen_login_nonce_replayed_total"), 1, "replays")
    tried(t, login, 488)

    # another source may not use this one's nonce
    other = t.endpoint("caller", host=3)
    tried(t, login, 407, ep=other)
    t.equal(t.metric("limen_login_nonce_foreign_total"), 1, "nonces of another source")
    tried(t, login, 488, ep=other)

    login = ask(t)
    time.sleep(1.1)  # what is tested is that time goes by
    tried(t, login, 407)
    tried(t, login, 488)
    t.check(t.metric("limen_login_nonce_expired_total") >= 1, "nonces that ran out")
    t.equal(t.metric("limen_login_forbidden_total"), 0, "nothing of this counts as a wrong password")
