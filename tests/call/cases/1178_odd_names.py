# SPDX-License-Identifier: Apache-2.0
"""auth: limen: names with quotes, backslashes, blanks, UTF-8 and of 255 bytes log in; fields that are huge, repeated, or of what was not offered are 403, and lock nobody."""
from urllib.parse import quote

from lib.digest import Login, accounts, asking

CDR = []
NAMES = 'al"ice', "al\\ice\\", "two words", "jürgen", "sip.alice-1_x!~*'()", "x" * 255


def CONFIG(t):
    c = asking(t, failures=2)
    c["routes"][0] = {"name": "phones", "match": {"network": "access"}, "deny": {"code": 488}}
    c["accounts"]["file"] = accounts(t, ("alice", "pass:word "), *((n, "secret of " + n) for n in NAMES))
    return c


def ask(t, user, password):
    d = t.caller(user=quote(user))
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    return d, Login(user, password).challenged(m)


def run(t):
    t.b
    for name in ("alice", *NAMES):
        d, login = ask(t, name, "pass:word " if name == "alice" else "secret of " + name)
        d.call(headers=[login.header("INVITE", d.target)])
        d.refused(488)
    t.equal(t.metric("limen_login_ok_total"), 1 + len(NAMES), "logins")

    # right, save for its form
    odd = [{"cnonce": "c" * 5000}, {"username": "a" * 3000}, {"opaque": "", "more": ', opaque=""'}, {"algorithm": "SHA-256-more"},
           {"more": "".join(f", x{i}=1" for i in range(40))}, {"nc": 0}, {"qop": "auth-more"}, {"uri": "sip:elsewhere@x.example"}]
    for i, fields in enumerate(odd):
        d, login = ask(t, "alice", "pass:word ")
        if "algorithm" in fields:
            h = (login.header("INVITE", d.target)[0], login.header("INVITE", d.target)[1].replace("SHA-256", "SHA-512-256"))
        else:
            h = login.header("INVITE", fields.pop("uri", d.target), **fields)
        d.call(headers=[h])
        d.refused(403)
        t.wait_metric("limen_login_malformed_total", i + 1)
    t.equal(t.metric("limen_login_lockouts_total"), 0, "locks")

    d, login = ask(t, "alice", "pass:word ")  # not offered, and not what we hash
    d.call(headers=[login.header("INVITE", d.target, more=", userhash=true")])
    d.refused(403)
    # a line that is not ours beside the right one
    d, login = ask(t, "alice", "pass:word ")
    d.call(headers=[("Proxy-Authorization", "Digest x"), ("Proxy-Authorization", "Bearer y"), login.header("INVITE", d.target)])
    d.refused(488)
