# SPDX-License-Identifier: Apache-2.0
"""CANCEL while the second target rings."""
from lib.scenes import two_peers

CONFIG = two_peers
CDR = {"status": 487, "ended_by": "A", "cause": "cancel", "attempts": [("callee", 503), ("second", 0)]}


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    first = t.callee()
    first.reply(503, "Service Unavailable")
    first.expect("ACK")
    b = t.callee(second)
    b.reply(180, "Ringing")
    a.expect(180)
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
