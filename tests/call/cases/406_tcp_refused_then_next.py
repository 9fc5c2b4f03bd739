# SPDX-License-Identifier: Apache-2.0
"""A refused TCP connection: the next target, over UDP, is tried at once."""
from lib.scenes import targets

CONFIG = lambda t: targets(t, "tcp:2:5099", 3)
CDR = {"status": 200, "ended_by": "A", "attempts": [("callee", 0), ("callee", 200)]}


def run(t):
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    b = t.callee(second, within=2)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
