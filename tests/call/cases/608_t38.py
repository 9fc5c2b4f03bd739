# SPDX-License-Identifier: Apache-2.0
"""The callee switches to T.38 by re-INVITE: image over udptl, datagrams pass as they are."""
from lib.message import audio, image

CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    import time
    fa, fb = t.phone("caller", 2, 4004, 1), t.phone("callee", 2, 4004, 2)
    a, b = t.talk()
    b.request("INVITE", b.sdp(audio(0), image(), version=2))
    m = a.expect("INVITE")
    t.equal((m.sdp.kind(1), m.sdp.formats(1)), ("image", ["t38"]), "the second m-line")
    a.ok(sdp=a.sdp(audio(0), image(), version=2))
    ok = b.expect(200)
    b.ack()
    a.expect("ACK")
    for _ in range(3):
        fa.sock.sendto(b"\0\1udptl from a", (m.sdp.address(1), m.sdp.port(1)))
        fb.sock.sendto(b"\0\1udptl from b", (ok.sdp.address(1), ok.sdp.port(1)))
        time.sleep(0.05)
    fa.drain()
    fb.drain()
    t.check(any(p == b"\0\1udptl from b" for _, _, p in fa.received), "nothing from the callee")
    t.check(any(p == b"\0\1udptl from a" for _, _, p in fb.received), "nothing from the caller")
    t.hang_up(b, a)
