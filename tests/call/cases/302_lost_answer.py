# SPDX-License-Identifier: Apache-2.0
"""Our 200 is lost: it comes again, is ACKed, and the call goes on."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    m = a.expect(200)
    a.ep.expect_repeat(m)
    a.ack()
    a.ep.pump(0.1)
    a.ep.repeats.clear()
    a.ep.expect_quiet(0.3)
    t.check(not a.ep.repeats, "the 200 goes on coming after its ACK")
    t.hang_up(a, b)
