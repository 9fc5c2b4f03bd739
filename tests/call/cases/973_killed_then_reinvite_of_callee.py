# SPDX-License-Identifier: Apache-2.0
"""After kill -9 the callee holds and resumes: CSeq, tags, o= and ports go on from those of the process before."""
from lib import audio, kept

CONFIG = kept.config
CDR = kept.CDR


def run(t):
    a, b, pa, pb = kept.call_with_audio(t)
    kept.again(t)
    kept.reinvite(t, b, a)
    kept.reinvite(t, b, a, "sendrecv", "sendrecv", version=3)
    audio.both(pa, pb)
    t.hang_up(a, b)
