# SPDX-License-Identifier: Apache-2.0
"""Two streams, audio and video, each by ports of its own: what goes in at one does not come out at the other."""
from lib import audio
from lib.message import audio as line, video

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    va, vb = audio.Phone(t, "caller", 1550, port=4002), audio.Phone(t, "callee", 2050, port=4002)
    t.b
    a, b = audio.join(t, pa, pb, offer=t.caller().sdp(line(), video()), answer=t.caller(t.b).sdp(line(), video()))
    t.equal(t.metric("limen_media_ports_used"), 4, "ports")
    va.aim(a.early.sdp, 1)
    vb.aim(b.invite.sdp, 1)
    audio.flow(0.1, pa, pb, va, vb)
    for p in (pa, pb, va, vb):
        p.heard()
    audio.flow(0.3, pa, pb, va, vb)
    for p, q in ((pa, pb), (va, vb)):
        p.hears(q.hz)
        q.hears(p.hz)
    t.hang_up(a, b)
    r = audio.verdicts(t)
    t.equal([(m["stream"], m["from_a"]["drops"], m["from_b"]["drops"]) for m in r["media"]], [(0, {}, {}), (1, {}, {})],
            "streams of the record")
