# SPDX-License-Identifier: Apache-2.0
"""A late offer: the callee hangs up before the answer has come: ACK for its 200, 200 for its BYE, BYE to the caller."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)
    b.bye()
    b.expect_each("ACK", "200 BYE")
    a.ack(a.sdp())
    a.expect("BYE")
    a.ok()
