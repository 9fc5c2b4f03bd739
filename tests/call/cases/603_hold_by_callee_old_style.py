# SPDX-License-Identifier: Apache-2.0
"""The callee holds in the old way, c=0.0.0.0, and resumes."""
from lib.endpoint import Fail

CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def reinvite(a, b, sdp):
    """With several workers it may overtake the caller's ACK: that is glare, and tried again (RFC 3261 §14.1)."""
    b.request("INVITE", sdp)
    try:
        return a.expect("INVITE", within=1.0)
    except Fail:
        b.refused(491)
        b.request("INVITE", sdp)
        return a.expect("INVITE")


def run(t):
    a, b = t.talk()
    for n, connection in ((2, "::" if t.v6 else "0.0.0.0"), (3, None)):
        m = reinvite(a, b, b.sdp(version=n, connection=connection))
        t.check(t.addr("caller", 1) == m.sdp.address() or connection, f"address {m.sdp.address()}")
        t.check(t.addr("callee", 2) not in m.raw.decode(), "the callee's address is seen")
        a.ok(sdp=a.sdp(version=n))
        b.answered() if hasattr(b, "answered") else (b.expect(200), b.ack())
        a.expect("ACK")
    t.hang_up(b, a)
