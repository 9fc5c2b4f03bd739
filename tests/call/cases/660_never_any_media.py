# SPDX-License-Identifier: Apache-2.0
"""B never sends a packet: the call does not outlive media_silence; BYE to both, cause and verdict."""
from lib import audio

CONFIG = {"timers": {"media_silence": 1300}}
CDR = None


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.flow(1.2, pa)
    for d in (a, b):
        d.expect("BYE")
        d.ok()
    r = audio.verdicts(t, from_b=f"no packet from B in {{talk}} s; its SDP said {audio.said(t, pb.host, 4000)}, "
                                 "a private address; latched nothing")
    t.equal((r["ended_by"], r["cause"]), ("limen", "no media from B"), "end")
