# SPDX-License-Identifier: Apache-2.0
"""One branch previews its answer, another says 200 without one: that is no answer, and the call ends on both sides."""
from lib.message import audio

CDR = {"status": 488, "ended_by": "limen"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    a.expect(183)
    b.local_tag = "two"
    b.ok()
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    a.refused(488)
