# SPDX-License-Identifier: Apache-2.0
"""Two SIGTERMs find: an answered call without its ACK, one whose BYE is unanswered, one cancelled, one looked up."""
import signal

from lib import dns
from lib.dialog import Callee

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
    cancelled = t.caller()
    cancelled.call()
    c = t.callee()
    c.reply(180, "Ringing")
    cancelled.expect(180)
    cancelled.cancel()
    m, _ = cancelled.expect_each("487 INVITE", "200 CANCEL")
    cancelled.ack_refusal(m)
    c.expect("CANCEL")
    c.ok()
    ended = t.caller()
    ended.call()
    e = t.callee()
    e.ok(sdp=True)
    e.expect("ACK")
    ended.expect(200)
    ended.cancel()
    ended.expect("200 CANCEL")
    e.expect("BYE")
    e.ok()
    unacked = t.caller()
    unacked.call()
    d = t.callee()
    d.ok(sdp=True)
    d.expect("ACK")
    unacked.expect(200)
    slow = t.caller(to="slow")
    slow.call()
    slow.expect(100)
    t.limen.signal(signal.SIGTERM)
    t.wait_log("draining")
    t.limen.signal(signal.SIGTERM)
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
    t.equal(t.limen.process.wait(8), 0, "exit code")
    t.equal(len(t.limen.cdrs()), 5, "number of call records")
