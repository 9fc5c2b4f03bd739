# SPDX-License-Identifier: Apache-2.0
"""auth: relay: the core's challenge of a BYE crosses, the call goes on until the BYE with credentials is taken; one record. A BYE to a phone is answered at once."""
from lib.digest import Login, Verifier, relaying, within

CONFIG = relaying
CDR = [{"status": 200, "cause": "bye", "ended_by": "A"}] * 3 + [{"status": 200, "cause": "bye", "ended_by": "B"}]


def run(t):
    t.b
    for proxy in True, False:
        core, login = Verifier(proxy=proxy), Login("alice", "open sesame")
        d, b = t.talk()
        m = within(t, core, login, d, b, "BYE")
        t.equal(m.uri, f"sip:callee@{t.b.here}", "Request-URI")
        t.equal(t.metric("limen_calls"), 1, "calls while nobody has taken the BYE")
        d.ep.expect_quiet(0.05)
        b.ok()
        d.expect("200 BYE")
        t.wait_metric("limen_calls_answered_total", 1 if proxy else 2)

    # not a challenge: whoever hangs up has hung up
    d, b = t.talk()
    d.bye()
    b.expect("BYE")
    b.reply(481, "Gone")
    d.expect("200 BYE")

    d, b = t.talk()
    b.bye()
    b.expect("200 BYE")
    d.expect("BYE")
    d.ok()
