# SPDX-License-Identifier: Apache-2.0
"""A caller that never ACKs: the 200 is repeated, then both legs end by BYE after 64*T1 (RFC 3261 §13.3.1.4)."""
CDR = lambda t: {"status": 200, "ended_by": "A", "cause": "ack lost",
                 "verdict": (f"no packet from A in 2 s; its SDP said {t.a.host_text}, a private address; latched nothing",
                             f"no packet from B in 2 s; its SDP said {t.b.host_text}, a private address; latched nothing")}


def run(t):
    t.a.host_text = f"[{t.a.host}]:4000" if t.v6 else f"{t.a.host}:4000"
    t.b.host_text = f"[{t.b.host}]:4000" if t.v6 else f"{t.b.host}:4000"
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    m = a.expect(200)
    for _ in range(3):
        a.ep.expect_repeat(m)
    a.expect("BYE", within=5)
    a.ok()
    b.expect("BYE")
    b.ok()
    t.wait_metric("limen_ack_lost_total", 1)
