# SPDX-License-Identifier: Apache-2.0
"""181 and 182 are relayed as they came; 199 is of a branch that we hide, and stays here."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(181, "Call Is Being Forwarded")
    t.equal(a.expect(181).phrase, "Call Is Being Forwarded", "phrase")
    b.reply(182, "Queued, 3 before you")
    t.equal(a.expect(182).phrase, "Queued, 3 before you", "phrase")
    b.reply(199, "Early Dialog Terminated", tag="other")
    a.ep.expect_quiet(0.15)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
