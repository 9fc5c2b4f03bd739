# SPDX-License-Identifier: Apache-2.0
"""Two early dialogs, one is answered: a BYE of the caller for the other finds nothing, and the call goes on."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(codecs=("PCMU",))))
    one = a.expect(183).tag("To")
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(codecs=("PCMA",))))
    two = a.expect(183).tag("To")
    t.check(one != two, "both forks have one tag")
    b.local_tag = "two"
    b.ok(sdp=b.sdp(audio(codecs=("PCMA",))))
    a.answered()
    b.expect("ACK")
    a.remote_tag = one
    a.bye()
    a.expect("481 BYE")
    a.remote_tag = two
    t.hang_up(a, b)
