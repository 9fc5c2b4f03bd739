# SPDX-License-Identifier: Apache-2.0
"""A tone of its own each way is heard on both sides, marked EF, and nothing else is.

What the record says of a healthy call: whence, by which rank, nothing lost, nothing dropped, no verdict."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 1.2)
    t.equal((pa.tos, pb.tos), ({46 << 2}, {46 << 2}), "TOS of what the phones heard")
    t.hang_up(a, b)
    r = audio.verdicts(t)
    for way, p in (("from_a", pa), ("from_b", pb)):
        m = r["media"][0][way]
        t.equal(m["latched"], audio.said(t, p.host, 4000), f"latched {way}")
        t.equal((m["latch"], m["expected"], m["lost"], m["drops"], m["refused"]), ("sdp", m["latched"], 0, {}, None), way)
        t.equal(m["relayed"], m["packets"], f"relayed {way}")
