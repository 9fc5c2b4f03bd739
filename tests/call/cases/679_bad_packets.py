# SPDX-License-Identifier: Apache-2.0
"""What is no RTP or RTCP, or breaks off within its header, is dropped by kind and does no harm to the tones."""
import os
import time

from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}
BAD = {"short": b"\x80\x08\0\1", "kind": b"\0\1\0\0!B\xa4\x42" + b"x" * 12, "rtp": b"\x9f\x08" + bytes(12)}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.2)
    for p in BAD.values():
        pa.rtp.sendto(p, pa.to)
    pa.rtcp.sendto(b"\x80\xc8\xff\xff" + bytes(24), (pa.to[0], pa.to[1] + 1))
    for n in (0, 1, 7, 1400, 5000):
        pa.rtp.sendto(b"\x40" + os.urandom(n), pa.to)
    time.sleep(0.1)
    pb.hears_nothing()
    t.equal(pb.reports, [], "reports")
    audio.both(pa, pb, 0.2)
    for drop in ("short", "kind", "rtp", "rtcp", "size"):
        t.check(t.metric(f'limen_media_drops_total{{drop="{drop}"}}') >= 1, f"no drop is counted as {drop}")
    t.hang_up(a, b)
    audio.verdicts(t)
