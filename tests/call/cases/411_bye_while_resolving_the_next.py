# SPDX-License-Identifier: Apache-2.0
"""The first target rang and failed, the second's name is being looked up: BYE on the early dialog ends it all."""
from lib import dns
from lib.scenes import host

CONFIG = lambda t: {"peers": {"callee": {"targets": [f"udp:{host(t, 2)}:5060", "slow.example:5060"]}}}
CDR = {"status": 487, "ended_by": "A", "cause": "bye", "attempts": [("callee", 503)]}


def prepare(t):
    t.dns = dns.Dns(t, {("slow.example", "A"): None, ("slow.example", "AAAA"): None})


def run(t):
    t.b
    a = t.caller()
    a.call()
    invite = a.last_invite
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    b.reply(503, "Service Unavailable")
    b.expect("ACK")
    a.bye()
    m, _ = a.expect_each("487 INVITE", "200 BYE")
    a.last_invite = invite
    a.ack_refusal(m)
