# SPDX-License-Identifier: Apache-2.0
"""A late offer whose ACK brings no answer: both legs end."""
CDR = {"status": 200, "ended_by": "limen", "cause": "unusable answer"}


def run(t):
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    raw = b.ok(sdp=True)
    a.expect(200)
    b.ep.send(raw)  # the callee waits for its ACK and repeats
    b.ep.expect_quiet(0.05)
    a.ack()
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    a.expect("BYE")
    a.ok()
