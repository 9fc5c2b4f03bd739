# SPDX-License-Identifier: Apache-2.0
"""180 with a description stays 180 with a description."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing", sdp=True)
    m = a.expect(180)
    t.check(m.sdp and m.sdp.port(), "180 has no description")
    t.equal(m.phrase, "Ringing", "phrase")
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
