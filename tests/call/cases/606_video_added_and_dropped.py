# SPDX-License-Identifier: Apache-2.0
"""Video is added by a re-INVITE, flows, and is dropped: its m-line stays in place with port 0."""
from lib.message import audio, video

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    from lib import rtp
    va, vb = t.phone("caller", 2, 4002, 5), t.phone("callee", 2, 4002, 6)
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(), video(), version=2))
    m = b.expect("INVITE")
    t.equal([m.sdp.kind(i) for i in (0, 1)], ["audio", "video"], "m-lines")
    t.check(m.sdp.port(1), "video has no port at the callee")
    b.ok(sdp=b.sdp(audio(), video(), version=2))
    ok = a.answered()
    b.expect("ACK")
    rtp.talk(va, (ok.sdp.address(1), ok.sdp.port(1)), vb, (m.sdp.address(1), m.sdp.port(1)))
    a.request("INVITE", a.sdp(audio(), video(0), version=3))
    m = b.expect("INVITE")
    t.equal((m.sdp.kind(1), m.sdp.port(1)), ("video", 0), "video at the callee")
    b.ok(sdp=b.sdp(audio(), video(0), version=3))
    ok = a.answered()
    t.equal((ok.sdp.kind(1), ok.sdp.port(1)), ("video", 0), "video at the caller")
    b.expect("ACK")
    t.hang_up(a, b)
