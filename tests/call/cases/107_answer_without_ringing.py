# SPDX-License-Identifier: Apache-2.0
"""200 without any 18x before it."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye", "ring": None}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(b, a)
