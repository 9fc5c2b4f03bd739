# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a re-INVITE waits for its answer: it counts as never made, and the next one works from either side.

Our o= has gone up for the offer that was lost, and the CSeq too: neither is used again."""
from lib import audio, kept
from lib.message import audio as line

CONFIG = kept.config
CDR = kept.CDR


def run(t):
    a, b, pa, pb = kept.call_with_audio(t)
    kept.written(t)
    a.request("INVITE", a.sdp(line(way="sendonly"), version=2))
    lost = b.expect("INVITE")
    kept.again(t)
    audio.both(pa, pb)
    b.seen, b.asked = lost, lost.cseq
    kept.reinvite(t, a, b, "inactive", "inactive", version=3)
    kept.reinvite(t, b, a, "sendrecv", "sendrecv", version=2)
    audio.both(pa, pb)
    t.hang_up(a, b)
