# SPDX-License-Identifier: Apache-2.0
"""A closed port: its ICMP message quotes our branch, so the next target is tried at once, long before try_ms."""
import time

from lib.scenes import targets

CONFIG = lambda t: targets(t, "2:5099", 3, try_ms=20000)
CDR = {"status": 200, "ended_by": "A", "attempts": [("callee", 0), ("callee", 200)],
       "causes": ["unreachable", None]}


def run(t):
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    began = time.monotonic()
    a.call()
    b = t.callee(second)
    t.check(time.monotonic() - began < 10, "it waited for try_ms")
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.check(t.metric("limen_sip_unreachable_total") >= 1, "it is not counted")
    t.hang_up(a, b)
