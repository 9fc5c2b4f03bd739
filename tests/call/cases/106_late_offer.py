# SPDX-License-Identifier: Apache-2.0
"""Late offer end to end: the offer comes in the 200, the answer in the ACK."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    t.check(not b.invite.body, "the INVITE of leg B has a body")
    b.reply(180, "Ringing")
    a.expect(180)
    b.ok(sdp=True)
    offer = a.expect(200).sdp
    t.equal(offer.address(), t.addr("caller", 1), "address of the offer")
    a.ack(a.sdp())
    answer = b.expect("ACK").sdp
    t.check(answer, "the ACK of leg B brings no answer")
    t.equal(answer.address(), t.addr("callee", 1), "address of the answer")
    from lib import rtp
    rtp.talk(pa, (offer.address(), offer.port()), pb, (answer.address(), answer.port()))
    t.hang_up(a, b)
