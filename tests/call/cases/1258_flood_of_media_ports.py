# SPDX-License-Identifier: Apache-2.0
"""Strangers flood a call's ports with RTP, RTCP and noise, then a phone itself sends hostile RTCP: nothing of it is heard as
audio, nothing comes back to the strangers, and the tones go on, where the
phone is followed freely (`open`) as where it is not."""
import struct

from lib import audio

CONFIG = {"networks": {"access": {"media": {"latch": "open"}}}}
CDR = {"verdict": ..., "status": 200, "ended_by": "A"}


def junk(i, ssrc):
    """RTP of a call of its own, and RTCP that lies."""
    yield struct.pack("!BBHII", 0x80, 8, i & 0xffff, i * 160, ssrc) + b"\xd5" * 160
    for raw in (struct.pack("!BBHI", 0x80 | (i & 31), 200 + i % 8, 0xffff, ssrc), struct.pack("!BBHI", 0x81, 203, 1, ssrc) * 40,
                struct.pack("!BBHII", 0x9f, 202, 2, ssrc, 0x01ff4141), b"\x80\xc8", b"\x81\xc9\x00\x00", b"", b"\x00" * 1400,
                struct.pack("!BBHI", 0xaf, 206, 3, ssrc) + b"\xff" * 8, struct.pack("!BBHI", 0x9f, 201, 1, ssrc), b"\xff" * 12):
        yield raw


def flood(t, phone, target, n):
    for i in range(n):
        for raw in junk(i, 0xdead0000 + i % 7):
            phone.rtp.sendto(raw, target)
            phone.rtcp.sendto(raw, (target[0], target[1] + 1))


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    s1, s2 = audio.Phone(t, "callee", 1550, 3, 4000), audio.Phone(t, "caller", 2050, 3, 4000)
    to_b, to_a = (t.limen_at("callee")[0], b.invite.sdp.port()), (t.limen_at("caller")[0], a.early.sdp.port())
    for _ in range(4):
        flood(t, s1, to_b, 60)
        flood(t, s2, to_a, 60)
        audio.flow(0.3, pa, pb)
    pa.heard(), pb.heard()
    audio.flow(0.6, pa, pb)
    pa.hears(950)
    pb.hears(450)
    s1.hears_nothing()
    s2.hears_nothing()
    # from where they may: what crosses is whole RTCP or nothing
    for raw in [x for i in range(40) for x in list(junk(i, 4711))[1:]]:
        pa.rtcp.sendto(raw, (to_a[0], to_a[1] + 1))
        pb.rtcp.sendto(raw, (to_b[0], to_b[1] + 1))
    audio.flow(0.6, pa, pb)
    pa.heard(), pb.heard()
    audio.both(pa, pb)
    t.hang_up(a, b)
