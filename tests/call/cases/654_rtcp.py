# SPDX-License-Identifier: Apache-2.0
"""RTCP is relayed both ways as it came, from the port next to RTP's, and counted apart."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    from_a = [pa.report() for _ in range(3)]
    from_b = [pb.report() for _ in range(2)]
    audio.flow(0.1, pa, pb)
    t.equal(pb.reports, [(p, (pb.to[0], pb.to[1] + 1)) for p in from_a], "what the callee got")
    t.equal(pa.reports, [(p, (pa.to[0], pa.to[1] + 1)) for p in from_b], "what the caller got")
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]
    t.equal((m["from_a"]["rtcp"], m["from_b"]["rtcp"]), (3, 2), "reports in the record")
