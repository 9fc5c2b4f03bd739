# SPDX-License-Identifier: Apache-2.0
"""A phone goes on behind another NAT: its re-INVITE comes from there and names the same private address as before, its audio
comes from a third place. That is heard, while a packet of the old way is still under way."""
from lib import latching

CDR = {"status": 200, "ended_by": "A"}


def CONFIG(t):
    return {"networks": {"access": {"nat": True}},
            "peers": {"caller": {"latch": "open", "sources": [t.addr("caller", 2), t.addr("caller", 4)]}}}


def run(t):
    s = latching.Scene(t, "open")
    new = s.another(2050, 5000, 2)
    s.a.ep = t.endpoint("caller", 4, name="caller-moved")
    s.a.request("INVITE", s.says(None, 4000, version=2))
    s.b.expect("INVITE")
    s.b.ok(sdp=s.b.sdp())
    s.a.answered()
    s.b.expect("ACK")
    s.pa.send()
    s.hear_each_other(new)
    s.end(new)
