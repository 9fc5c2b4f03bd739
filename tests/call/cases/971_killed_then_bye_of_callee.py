# SPDX-License-Identifier: Apache-2.0
"""kill -9 in a call with audio, and a new process on the store: the callee hangs up."""
from lib import audio, kept

CONFIG = kept.config
CDR = {**kept.CDR, "ended_by": "B"}


def run(t):
    a, b, pa, pb = kept.call_with_audio(t)
    kept.again(t)
    audio.both(pa, pb)
    t.hang_up(b, a)
