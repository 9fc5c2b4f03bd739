# SPDX-License-Identifier: Apache-2.0
"""The callee names no address (0.0.0.0: it holds) and never sends: the sentence says so; what it does not want is not missed."""
import time

from lib.message import sdp

CDR = {"status": 200, "ended_by": "A", "verdict": (None, "no packet from B in 1 s; its SDP gave no address; latched nothing")}


def run(t):
    pa = t.phone("caller", mark=1)
    t.b
    a, b = t.talk(answer=nowhere(t))
    for _ in range(20):
        pa.send((a.early.sdp.address(), a.early.sdp.port()))
        time.sleep(0.06)
    t.hang_up(a, b)


def nowhere(t):
    return sdp(t.addr("callee", 2), connection="::" if t.v6 else "0.0.0.0")
