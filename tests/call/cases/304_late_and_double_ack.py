# SPDX-License-Identifier: Apache-2.0
"""A late ACK, and the same ACK twice."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    m = a.expect(200)
    a.ep.expect_repeat(m)
    a.ep.expect_repeat(m)
    raw = a.ack()
    a.ep.send(raw)
    a.ep.expect_quiet(0.1)
    t.hang_up(b, a)
