# SPDX-License-Identifier: Apache-2.0
"""A hold on which the holding side sends no music either ends after hold_silence."""
from lib import audio
from lib.message import audio as line

CONFIG = {"timers": {"media_silence": 700, "hold_silence": 1500}}
CDR = {"status": 200, "ended_by": "limen", "cause": "no media from A"}


def run(t):
    import time
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.2)
    a.request("INVITE", a.sdp(line(way="sendonly"), version=2))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(line(way="recvonly"), version=2))
    a.answered()
    b.expect("ACK")
    began = time.monotonic()
    for d in (a, b):
        d.expect("BYE")
        d.ok()
    t.check(time.monotonic() - began > 1.1, "the call ended by media_silence, not by hold_silence")
