# SPDX-License-Identifier: Apache-2.0
"""auth: relay: the core's challenges of OPTIONS, and within a call of UPDATE, OPTIONS, INFO and re-INVITE, cross with 401 and 407; credentials go back, and the Request-URI within a dialog stays the dialog's."""
from lib.digest import Login, Verifier, relaying, within

CONFIG = relaying
CDR = {"status": 200, "cause": "bye"}
ALLOW = "INVITE, ACK, BYE, CANCEL, UPDATE"


def options(t, proxy):
    core, login = Verifier(proxy=proxy), Login("alice", "open sesame")
    for headers in [], None:
        d = t.caller()
        d.request("OPTIONS", headers=[login.header("OPTIONS", d.target)] if headers is None else [])
        m = t.b.expect("OPTIONS")
        b = t.caller(t.b)
        b.heard = m
        if headers is None:
            core.right(t, m, nc=1)
            t.equal(m.uri, d.target, "Request-URI is the one that was signed")
            b.ok()
            d.expect("200 OPTIONS")
        else:
            b.reply(core.status, "Asked", headers=[core.challenge()])
            login.challenged(d.expect(core.status), "MD5")


def run(t):
    t.b
    for proxy in False, True:
        options(t, proxy)
    d, b = t.talk(allow=ALLOW)
    version = 2
    for proxy in True, False:
        core, login = Verifier(proxy=proxy), Login("alice", "open sesame")
        for method in "UPDATE", "INVITE":
            t.equal(within(t, core, login, d, b, method, body=d.sdp(version=version)).uri, f"sip:callee@{t.b.here}", "Request-URI")
            b.ok(sdp=b.sdp(version=version))
            m = d.expect(f"200 {method}")
            if method == "INVITE":
                d.ack()
                b.expect("ACK")
            version += 1
        within(t, core, login, d, b, "OPTIONS")
        b.ok()
        d.expect("200 OPTIONS")
        within(t, core, login, d, b, "INFO", body="x", ctype="text/plain")
        b.ok()
        d.expect("200 INFO")
    t.hang_up(d, b)
