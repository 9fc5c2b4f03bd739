# SPDX-License-Identifier: Apache-2.0
"""CANCEL after 180, with a Reason that crosses."""
CDR = {"status": 487, "ended_by": "A", "cause": "cancel", "reason": 'SIP;cause=200;text="Call completed elsewhere"'}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    a.cancel(headers=[("Reason", 'SIP;cause=200;text="Call completed elsewhere"')])
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
