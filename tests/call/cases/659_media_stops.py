# SPDX-License-Identifier: Apache-2.0
"""B falls silent in the middle: after media_silence both sides get a BYE, and record and verdict say who and when."""
from lib import audio

CONFIG = {"timers": {"media_silence": 5300}}
CDR = None


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    n = pb.seq - 1000 - 950
    audio.flow(5.2, pa)
    for d in (a, b):
        d.expect("BYE")
        d.ok()
    r = audio.verdicts(t, from_b=f"B stopped sending 5 s before the end, after {n} packets from "
                                 f"{audio.said(t, pb.host, 4000)} (latched by its SDP address)")
    t.equal((r["ended_by"], r["cause"], r["status"]), ("limen", "no media from B", 200), "end")
    t.equal(t.metric("limen_media_silent_total"), 1, "limen_media_silent_total")
