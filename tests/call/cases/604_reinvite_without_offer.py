# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE without an offer: the offer comes in the 200, the answer in the ACK, end to end."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE")
    m = b.expect("INVITE")
    t.check(not m.body, "the re-INVITE at the callee has a body")
    b.ok(sdp=b.sdp(version=2))
    m = a.expect(200)
    t.equal(m.sdp.address(), t.addr("caller", 1), "address of the offer")
    a.ack(a.sdp(version=2))
    t.check(b.expect("ACK").sdp, "the ACK at the callee has no answer")
    t.hang_up(a, b)
