# SPDX-License-Identifier: Apache-2.0
"""A phone that sends no audio while muted but its reports is alive: media_silence does not end the call."""
from lib import audio

CONFIG = {"timers": {"media_silence": 800}}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.2)
    for _ in range(4):
        audio.flow(0.35, pa)
        pb.report()
    audio.both(pa, pb, 0.2)
    t.hang_up(a, b)
