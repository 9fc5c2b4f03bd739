# SPDX-License-Identifier: Apache-2.0
"""A silent target: our INVITE is repeated, then the next target is tried; a late answer of the first is ended."""
from lib.limen import merge

TWO = lambda t: {"peers": {"callee": {"targets": [f"udp:{x}:5060" for x in targets(t)], "try_ms": 300,
                                      "sources": [t.addr("callee", 2), t.addr("callee", 3)]}}}
CONFIG = TWO
CDR = {"status": 200, "ended_by": "A", "cause": "bye", "attempts": [("callee", 0), ("callee", 200)],
       "causes": ["timeout", None]}


def targets(t):
    return [f"[{t.addr('callee', n)}]" if t.v6 else t.addr("callee", n) for n in (2, 3)]


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
