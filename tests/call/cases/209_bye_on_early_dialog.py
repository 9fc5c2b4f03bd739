# SPDX-License-Identifier: Apache-2.0
"""BYE of the caller on an early dialog ends the INVITE by 487 (RFC 3261 §15)."""
CDR = {"status": 487, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    invite = a.last_invite
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    a.bye()
    m, _ = a.expect_each("487 INVITE", "200 BYE")
    a.last_invite = invite
    a.ack_refusal(m)
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
