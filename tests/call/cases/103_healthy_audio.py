# SPDX-License-Identifier: Apache-2.0
"""Audio flows both ways, and a healthy call gives no verdict.

Each side hears the other through Limen's own address and ports; the record counts what went through."""
import time

CDR = {"status": 200, "ended_by": "A", "cause": "bye", "route": "out", "a.peer": "caller", "b.peer": "callee",
       "attempts": [("callee", 200)]}


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    a, b = t.talk()
    to_a = a.early.sdp
    to_b = b.invite.sdp
    t.equal(to_a.address(), t.addr("caller", 1), "media address towards the caller")
    t.equal(to_b.address(), t.addr("callee", 1), "media address towards the callee")
    from lib import rtp
    rtp.talk(pa, (to_a.address(), to_a.port()), pb, (to_b.address(), to_b.port()), seconds=1.1)
    t.hang_up(a, b)
    time.sleep(0.3)
    media = t.limen.cdrs()[0]["media"][0]
    for way in ("from_a", "from_b"):
        t.check(media[way]["packets"] > 30, f"packets {way}: {media[way]['packets']}")
        t.equal(media[way]["lost"], 0, f"lost {way}")
