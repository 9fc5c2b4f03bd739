# SPDX-License-Identifier: Apache-2.0
"""T.38 over UDPTL from the first offer: datagrams cross as they are, whatever they look like; strangers' do not."""
import time

from lib import audio
from lib.message import image, sdp

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}
# an ordinary one, the first byte of RTP, of STUN, and one that RTP would call too short
DATAGRAMS = (b"\0\1\6ifp one", b"\x80\0\6ifp two", b"\0\1\0\0ifp", b"\7")


def run(t):
    fa, fb, stranger = (audio.Phone(t, "caller", 450, port=4004), audio.Phone(t, "callee", 950, port=4004),
                        audio.Phone(t, "callee", 1550, 3, 4004))
    a, b = audio.join(t, fa, fb, offer=sdp(t.a.host, image()), answer=sdp(t.b.host, image()))
    for d in DATAGRAMS:
        fa.rtp.sendto(b"A" + d if d == b"\7" else d, fa.to)
        fb.rtp.sendto(d, fb.to)
        stranger.rtp.sendto(d, fb.to)
        time.sleep(0.03)
    fa.drain()
    fb.drain()
    t.equal([p for p, _ in fa.packets], list(DATAGRAMS), "what the caller's fax got")
    t.equal([p for p, _ in fb.packets], list(DATAGRAMS[:3]) + [b"A\7"], "what the callee's fax got")
    t.equal(audio.refused(t), len(DATAGRAMS), "the stranger's datagrams")
    t.hang_up(a, b)
