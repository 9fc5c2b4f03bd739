# SPDX-License-Identifier: Apache-2.0
"""B plays before the answer, nobody speaks after it: A's seconds are counted from the answer, B's media has stopped or
not by the same rule as ever."""
import time

from lib import audio

CDR = None


def run(t):
    t.b
    pa, pb = audio.phones(t)
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", sdp=True)
    pa.aim(a.expect(183).sdp)
    audio.flow(1.2, pb.aim(b.invite.sdp))
    pa.hears(950)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    time.sleep(1.4)
    t.hang_up(a, b)
    audio.verdicts(t, from_a=f"no packet from A in {{talk}} s; its SDP said {audio.said(t, pa.host, 4000)}, a private "
                             "address; latched nothing")
