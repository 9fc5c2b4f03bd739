# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE refused by 488: media as before on both sides, and the next one works."""
from lib.message import audio, video

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    from lib import rtp
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(4100), video(), version=2))
    b.expect("INVITE")
    b.reply(488, "Not Acceptable Here", headers=[("Warning", '304 far.example "No video"')])
    b.expect("ACK")
    a.refused(488)
    rtp.talk(pa, (a.early.sdp.address(), a.early.sdp.port()), pb, (b.invite.sdp.address(), b.invite.sdp.port()))
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=3))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
