# SPDX-License-Identifier: Apache-2.0
"""Strangers send into a healthy call, one from another host, one from the phone's own: refused, counted, never heard."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    pa.report(), pb.report()
    audio.flow(0.1, pa, pb)
    pa.reports, pb.reports = [], []
    s1, s2 = audio.Phone(t, "callee", 1550, 3, 4000), audio.Phone(t, "caller", 2050, 2, 4444)
    s1.aim(b.invite.sdp)
    s2.aim(a.early.sdp)
    audio.flow(0.6, pa, pb, s1, s2)
    s1.report(), s2.report()
    audio.flow(0.6, pa, pb, s1, s2)
    pa.hears(950)
    pb.hears(450)
    s1.hears_nothing()
    s2.hears_nothing()
    t.equal((pa.reports, pb.reports), ([], []), "reports of strangers")
    n1, n2 = s1.seq - 1000 - 1550, s2.seq - 1000 - 2050
    t.equal(audio.refused(t), n1 + n2 + 2, "refused packets in /metrics")
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]
    t.equal((m["from_a"]["drops"], m["from_b"]["drops"]), ({"source": n2 + 1}, {"source": n1 + 1}), "drops in the record")
    t.equal((m["from_a"]["refused"], m["from_b"]["refused"]),
            (audio.said(t, s2.host, 4444), audio.said(t, s1.host, 4000)), "last refused")
