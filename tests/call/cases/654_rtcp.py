# SPDX-License-Identifier: Apache-2.0
"""RTCP is relayed both ways from the port next to RTP's, and counted apart; of it only the CNAME, a name of the host, changes."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    from_a = [pa.report() for _ in range(3)]
    from_b = [pb.report() for _ in range(2)]
    audio.flow(0.1, pa, pb)
    for p in (pa, pb):
        t.equal({source for _, source in p.reports}, {(p.to[0], p.to[1] + 1)}, "where reports come from")
    pb.hears_reports(from_a)
    pa.hears_reports(from_b)
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]
    t.equal((m["from_a"]["rtcp"], m["from_b"]["rtcp"]), (3, 2), "reports in the record")
