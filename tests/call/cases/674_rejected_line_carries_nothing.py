# SPDX-License-Identifier: Apache-2.0
"""The callee rejects the video: audio is heard, and packets to the port that was offered for video go nowhere."""
from lib import audio
from lib.message import audio as line, video

CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    vb = audio.Phone(t, "callee", 2050, port=4002)
    t.b
    mine = t.caller(t.b)
    a, b = audio.join(t, pa, pb, offer=t.caller().sdp(line(), video()), answer=mine.sdp(line(), video(0)))
    t.equal((a.early.sdp.kind(1), a.early.sdp.port(1)), ("video", 0), "the line towards the caller")
    vb.aim(b.invite.sdp, 1)
    audio.flow(0.1, pa, pb, vb)
    pa.heard(), pb.heard()
    audio.flow(0.3, pa, pb, vb)
    pa.hears(950)
    pb.hears(450)
    vb.hears_nothing()
    t.hang_up(b, a)
    audio.verdicts(t)
