# SPDX-License-Identifier: Apache-2.0
"""Only a stranger sends to B's port: refused, counted, not heard, named by the verdict."""
from lib import audio

CDR = None


def run(t):
    pa, pb = audio.phones(t)
    stranger = audio.Phone(t, "callee", 1550, 3, 4444)
    a, b = audio.join(t, pa, pb)
    audio.flow(1.4, pa, stranger.aim(b.invite.sdp))
    pa.hears_nothing()
    pb.hears(450)
    stranger.hears_nothing()
    n = stranger.seq - 1000 - 1550
    t.equal(audio.refused(t), n, "refused packets in /metrics")
    t.hang_up(a, b)
    r = audio.verdicts(t, from_b=f"no packet from B in {{talk}} s; its SDP said {audio.said(t, pb.host, 4000)}, a private "
                                 f"address; latched nothing; {n} packets from other sources were refused, the last from "
                                 f"{audio.said(t, stranger.host, 4444)}")
    t.equal(r["media"][0]["from_b"]["drops"], {"source": n}, "drops in the record")
