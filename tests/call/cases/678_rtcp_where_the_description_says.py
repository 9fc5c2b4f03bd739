# SPDX-License-Identifier: Apache-2.0
"""a=rtcp: (RFC 3605) names another port: reports go there, and from there they are taken."""
from lib import audio
from lib.message import audio as line

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    pb.rtcp = pb.bound(4017)
    t.b
    a, b = audio.join(t, pa, pb, answer=t.caller(t.b).sdp(line(extra=("a=rtcp:4017",))))
    audio.both(pa, pb)
    sent = pa.report(), pb.report()
    audio.flow(0.1, pa, pb)
    pb.hears_reports([sent[0]])
    pa.hears_reports([sent[1]])
    t.hang_up(a, b)
