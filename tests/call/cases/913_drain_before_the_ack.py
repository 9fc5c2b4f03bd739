# SPDX-License-Identifier: Apache-2.0
"""Two SIGTERMs find: an answered call without its ACK, one whose BYE is unanswered, one cancelled, one looked up."""
from lib import dns, farewell

EXIT = None
CDR = None
CONFIG = lambda t: {"peers": {"slow": {"network": "core", "targets": ["slow.example:5060"], "sources": ["10.2.0.9"]}},
                    "routes": [{"match": {"ruri": "exact:slow"}, "target": "slow"}, {"match": {"peer": "caller"}, "target": "callee"}]}


def prepare(t):
    t.dns = dns.Dns(t, {("slow.example", "A"): None, ("slow.example", "AAAA"): None})


def run(t):
    a, b = t.talk()
    a.bye()
    a.expect(200)
    bye = b.expect("BYE")
    cancelled, c = farewell.rings(t)
    cancelled.cancel()
    m, _ = cancelled.expect_each("487 INVITE", "200 CANCEL")
    cancelled.ack_refusal(m)
    c.expect("CANCEL")
    c.ok()
    ended, e = farewell.unacked(t)
    ended.cancel()
    ended.expect("200 CANCEL")
    e.expect("BYE")
    e.ok()
    unacked, d = farewell.unacked(t)
    slow = t.caller(to="slow")
    slow.call()
    slow.expect(100)
    farewell.asked_twice(t)
    slow.refused(503)
    d.expect("BYE")
    d.ok()
    unacked.ack()
    unacked.expect("BYE")
    unacked.ok()
    ended.ack()
    ended.expect("BYE")
    ended.ok()
    b.ok(to=bye)
    c.reply(487, "Request Terminated", to=c.invite)
    c.expect("ACK")
    t.equal(len(farewell.over(t)), 5, "number of call records")
