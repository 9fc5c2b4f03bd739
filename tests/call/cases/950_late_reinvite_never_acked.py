# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE without an offer whose 200 is never ACKed: the callee has its ACK, then both legs end."""
CONFIG = {"timers": {"t1": 12}}  # over before anybody is missed
CDR = {"status": 200, "ended_by": "limen", "cause": "ack lost"}


def run(t):
    a, b = t.talk()
    a.request("INVITE")
    b.expect("INVITE")
    b.ok(sdp=b.sdp(version=2))
    m = a.expect(200)
    a.ep.expect_repeat(m)
    b.expect("ACK", within=6)
    b.expect("BYE")
    b.ok()
    a.expect("BYE", within=6)
    a.ok()
