# SPDX-License-Identifier: Apache-2.0
"""A closed port is a silent target: ICMP, which anyone can send, is not believed; the next is tried after try_ms."""
from lib.scenes import targets

CONFIG = lambda t: targets(t, "2:5099", 3, try_ms=250)
CDR = {"status": 200, "ended_by": "A", "attempts": [("callee", 0), ("callee", 200)], "causes": ["timeout", None]}


def run(t):
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    b = t.callee(second)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
