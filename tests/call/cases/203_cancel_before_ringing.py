# SPDX-License-Identifier: Apache-2.0
"""CANCEL before any 1xx of the callee: 487 at once; our CANCEL waits for the callee's first word (RFC 3261 §9.1)."""
CDR = {"status": 487, "ended_by": "A", "cause": "cancel"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.ep.expect_quiet(0.1)
    b.reply(180, "Ringing")
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    a.ep.expect_quiet(0.1)
