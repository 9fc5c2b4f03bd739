# SPDX-License-Identifier: Apache-2.0
"""503 of the first peer: the next by priority is tried, and its 18x and answer are the caller's."""
from lib.scenes import two_peers

CONFIG = two_peers
CDR = {"status": 200, "ended_by": "A", "b.peer": "second", "attempts": [("callee", 503), ("second", 200)]}


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    first = t.callee()
    first.reply(503, "Service Unavailable", headers=[("Retry-After", "1")])
    first.expect("ACK")
    b = t.callee(second)
    t.check(b.invite.call_id != first.call_id, "both attempts have one Call-ID")
    b.reply(180, "Ringing")
    a.expect(180)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
