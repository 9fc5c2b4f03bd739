# SPDX-License-Identifier: Apache-2.0
"""The caller falls silent in the middle of a call: the whole sentence says since when, and the other way is healthy."""
import time

SECONDS = 5.6


def CDR(t):
    a = t.addr("caller", 2)
    a = f"[{a}]:4000" if t.v6 else f"{a}:4000"
    return {"status": 200, "ended_by": "B", "verdict": (
        f"A stopped sending 5 s before the end, after 10 packets from {a} (latched by its SDP address)", None)}


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    a, b = t.talk()
    to_a, to_b = (a.early.sdp.address(), a.early.sdp.port()), (b.invite.sdp.address(), b.invite.sdp.port())
    pb.send(to_b)
    time.sleep(0.05)
    pa.send(to_a, 10)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pb.send(to_b)
        time.sleep(0.05)
    t.hang_up(b, a)
