# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a re-INVITE waits for its answer: who asked is refused, and the far side that agreed is asked back.

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
    a.refused(504)
    b.ok(to=lost, sdp=b.sdp(line(way="recvonly"), version=2))
    b.expect("ACK")
    back = b.expect("INVITE")
    t.check(back.cseq > lost.cseq, f"CSeq {back.cseq} after {lost.cseq}")
    t.equal((back.sdp.way(), back.sdp.id, back.sdp.version), ("sendrecv", lost.sdp.id, lost.sdp.version + 1), "asked back")
    b.ok(sdp=b.sdp(version=3))
    b.expect("ACK")
    audio.both(pa, pb)
    b.seen, b.asked = back, back.cseq
    kept.reinvite(t, a, b, "inactive", "inactive", version=3)
    kept.reinvite(t, b, a, "sendrecv", "sendrecv", version=4)
    audio.both(pa, pb)
    t.hang_up(a, b)
