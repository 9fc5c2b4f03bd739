# SPDX-License-Identifier: Apache-2.0
"""A call that is held when the process is killed is held in the next one, and is taken up again there."""
from lib import audio, kept

CONFIG = kept.config
CDR = kept.CDR


def run(t):
    a, b, pa, pb = kept.call_with_audio(t)
    kept.reinvite(t, a, b, "inactive", "inactive")
    kept.again(t)
    pa.heard(), pb.heard()
    audio.flow(0.3, pa, pb)
    pa.hears_nothing()
    pb.hears_nothing()
    kept.reinvite(t, a, b, "sendrecv", "sendrecv", version=3)
    audio.both(pa, pb)
    t.hang_up(a, b)
