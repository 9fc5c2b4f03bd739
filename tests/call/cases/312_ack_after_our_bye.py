# SPDX-License-Identifier: Apache-2.0
"""The callee hangs up before the caller ACKs: our BYE waits for the ACK; the ACK once more changes nothing."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    a.expect(200)
    b.bye()
    b.expect("200 BYE")
    a.ep.expect_quiet(0.1)
    raw = a.ack()
    a.expect("BYE")
    a.ep.send(raw)
    a.ep.expect_quiet(0.05)
    a.ok()
