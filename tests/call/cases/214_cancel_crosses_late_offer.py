# SPDX-License-Identifier: Apache-2.0
"""A 200 with an offer (late offer) crosses our CANCEL: ACKed without an answer, then ended by BYE."""
CDR = {"status": 487, "ended_by": "A", "cause": "cancel"}


def run(t):
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.expect("CANCEL")
    b.reply(200, "OK", to=b.invite, sdp=True)
    b.ok()
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
