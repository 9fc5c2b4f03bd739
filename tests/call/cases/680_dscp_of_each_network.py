# SPDX-License-Identifier: Apache-2.0
"""The mark of media is each network's own: 0 towards the caller, AF41 towards the callee, on RTP and RTCP alike."""
from lib import audio

CONFIG = {"networks": {"access": {"media": {"dscp": 0}}, "core": {"media": {"dscp": 34}}}}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.2)
    pa.report(), pb.report()
    audio.flow(0.1)
    pa.drain(), pb.drain()
    t.equal((pa.tos, pb.tos, len(pa.reports), len(pb.reports)), ({0}, {34 << 2}, 1, 1), "TOS and reports")
    t.hang_up(a, b)
