# SPDX-License-Identifier: Apache-2.0
"""No audio from the callee, while a stranger tries: the whole verdict sentence for one direction, none for the other."""
import time


def CDR(t):
    host = t.addr("callee", 2)
    evil = t.addr("callee", 4)
    host, evil = (f"[{host}]:4000", f"[{evil}]:4000") if t.v6 else (f"{host}:4000", f"{evil}:4000")
    return {"status": 200, "ended_by": "A", "verdict": (None, (
        f"no packet from B in 1 s; its SDP said {host}, a private address; latched nothing; "
        f"5 packets from other sources were refused, the last from {evil}"))}


def run(t):
    pa, evil = t.phone("caller", mark=1), t.phone("callee", 4, 4000, 66)
    a, b = t.talk()
    to_b = (b.invite.sdp.address(), b.invite.sdp.port())
    evil.send(to_b, 5)
    end = time.monotonic() + 1.3
    while time.monotonic() < end:
        pa.send((a.early.sdp.address(), a.early.sdp.port()))
        time.sleep(0.02)
    t.hang_up(a, b)
