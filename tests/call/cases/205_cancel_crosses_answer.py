# SPDX-License-Identifier: Apache-2.0
"""A 200 that crosses our CANCEL is ACKed, then ended by BYE (RFC 3261 §9.1, §13.2.2.4)."""
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
    b.reply(200, "OK", to=b.invite, sdp=True)
    b.reply(481, "Gone")
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    t.wait_metric("limen_cancel_crossed_total", 1)
