# SPDX-License-Identifier: Apache-2.0
"""All targets fail: the caller is told the best code (RFC 3261 §16.7): 404 rather than 503."""
from lib.scenes import two_peers

CONFIG = lambda t: two_peers(t, failover=[404, 503])
CDR = {"status": 404, "ended_by": "B", "attempts": [("callee", 404), ("second", 503)]}


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(404, "No Such Number")
    b.expect("ACK")
    b = t.callee(second)
    b.reply(503, "Service Unavailable")
    b.expect("ACK")
    t.equal(a.refused(404).phrase, "No Such Number", "phrase")
