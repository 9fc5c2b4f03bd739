# SPDX-License-Identifier: Apache-2.0
"""The answer comes in a 183, and the 200 has none: the preview stands."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", sdp=True)
    early = a.expect(183)
    b.ok()
    m = a.answered()
    t.equal(m.sdp.text, early.sdp.text, "description of the 200")
    b.expect("ACK")
    t.hang_up(a, b)
