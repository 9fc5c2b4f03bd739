# SPDX-License-Identifier: Apache-2.0
"""Our 486 is lost: it comes again until the ACK (Timer G); the callee's 486 again gets our ACK again."""
CDR = {"status": 486, "ended_by": "B", "cause": "rejected"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    raw = b.reply(486, "Busy Here")
    ack = b.expect("ACK")
    m = a.expect(486)
    a.ep.expect_repeat(m)
    a.ep.expect_repeat(m)
    a.ack_refusal(m)
    b.ep.send(raw)
    b.ep.expect_repeat(ack)
