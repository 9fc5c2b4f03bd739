# SPDX-License-Identifier: Apache-2.0
"""CANCEL while the target's name is being looked up and the server is silent: 487 at once, nothing goes out."""
from lib import dns

CONFIG = {"peers": {"callee": {"targets": ["slow.example:5060"], "sources": ["10.2.0.2"]}}}
CDR = {"status": 487, "ended_by": "A", "cause": "cancel", "attempts": []}


def prepare(t):
    t.dns = dns.Dns(t, {("slow.example", "A"): None, ("slow.example", "AAAA"): None})


def run(t):
    t.b
    a = t.caller()
    a.call()
    a.expect(100)
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    t.b.expect_quiet(0.2)
