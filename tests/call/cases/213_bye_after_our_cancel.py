# SPDX-License-Identifier: Apache-2.0
"""A callee that answers our CANCEL with a BYE of its own gets its 200."""
CDR = {"status": 487, "ended_by": "A", "cause": "cancel"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.expect("CANCEL")
    b.ok()
    b.bye()
    b.expect("200 BYE")
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
