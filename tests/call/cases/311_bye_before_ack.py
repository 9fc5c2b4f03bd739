# SPDX-License-Identifier: Apache-2.0
"""A caller that hangs up before it ACKs; its ACK comes after the BYE and is nobody's."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    a.expect(200)
    a.bye()
    a.expect("200 BYE")
    b.expect("BYE")
    b.ok()
    a.ack()
