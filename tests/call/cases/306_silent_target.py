# SPDX-License-Identifier: Apache-2.0
"""A silent target: our INVITE is repeated, then the next is tried; a late answer of the first is ended."""
from lib.scenes import targets

CONFIG = lambda t: targets(t, 2, 3, try_ms=300)
CDR = {"status": 200, "ended_by": "A", "cause": "bye", "attempts": [("callee", 0), ("callee", 200)],
       "causes": ["timeout", None]}


def run(t):
    first, second = t.b, t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    lost = t.callee()
    first.expect_repeat(lost.invite)
    b = t.callee(second)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    lost.ok(sdp=True)
    lost.expect("ACK")
    lost.expect("BYE")
    lost.ok()
    t.hang_up(a, b)
