# SPDX-License-Identifier: Apache-2.0
"""kill -9 while our 200 waits for an ACK that never comes: 64*T1 after it was sent first, both legs end by BYE."""
import time

from lib import kept

CDR = {**kept.SILENT, "ended_by": "A", "cause": "ack lost"}
SETTLE = 12


def CONFIG(t):
    return kept.config(t, timers={"t1": 100})


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    ok = a.expect(200)
    began = time.monotonic()
    kept.again(t)
    a.ep.expect_repeat(ok)
    a.expect("BYE", within=9)
    took = time.monotonic() - began
    t.check(5.8 < took < 8.5, f"BYE {took:.1f} s after the first 200")
    a.ok()
    b.expect("BYE")
    b.ok()
