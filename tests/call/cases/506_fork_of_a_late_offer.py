# SPDX-License-Identifier: Apache-2.0
"""A late offer, and a second branch answers while the first waits for its ACK: the second is ACKed and ended."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)
    b.reply(200, "OK", tag="fork-two", to=b.invite, sdp=True)
    t.equal(b.expect("ACK").tag("To"), "fork-two", "To tag of the ACK")
    b.expect("BYE")
    b.ok()
    a.ack(a.sdp())
    t.check(b.expect("ACK").sdp, "the ACK has no answer")
    t.hang_up(a, b)
