# SPDX-License-Identifier: Apache-2.0
"""A late offer, and the caller cancels after our 200 with the offer: leg B is ACKed and ended."""
CDR = {"status": 200, "ended_by": "A", "cause": "cancel"}


def run(t):
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)
    a.cancel()
    a.expect("200 CANCEL")
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    a.ack(a.sdp())
    a.expect("BYE")
    a.ok()
