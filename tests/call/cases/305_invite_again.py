# SPDX-License-Identifier: Apache-2.0
"""The caller repeats its INVITE: one call, and the last reply once more (RFC 3261 §17.2.1)."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    raw = a.call()
    b = t.callee()
    trying = a.expect(100)
    a.ep.send(raw)
    a.ep.expect_repeat(trying)
    b.reply(180, "Ringing")
    ringing = a.expect(180)
    a.ep.send(raw)
    a.ep.expect_repeat(ringing)
    b.ok(sdp=True)
    m = a.answered()
    b.expect("ACK")
    a.ep.send(raw)  # late: RFC 6026 §7.1 absorbs it
    b.ep.expect_quiet(0.1)
    t.hang_up(a, b)
