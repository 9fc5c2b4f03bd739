# SPDX-License-Identifier: Apache-2.0
"""CANCEL, and the callee never says a final word: given up after 64*T1 (RFC 3261 §9.1)."""
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
    t.wait_metric("limen_calls", 0, within=6)
