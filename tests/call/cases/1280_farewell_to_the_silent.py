# SPDX-License-Identifier: Apache-2.0
"""Two SIGTERMs, and nobody answers any more: BYE and CANCEL go out, and the process does not wait 64*T1 (32 s) for them.

Who never sent its ACK (no BYE may go there before, RFC 3261 §15) gets its BYE at the end."""
import time

from lib import farewell

EXIT = None
CDR = None
CONFIG = {"timers": {"t1": 500, "t2": 4000, "farewell": 800}}


def run(t):
    a, b = t.talk()
    ringing, c = farewell.rings(t)
    unacked, d = farewell.unacked(t)
    farewell.asked_twice(t)
    t.wait_log("ending all calls")
    began = time.monotonic()
    for who in (a, b, d):
        who.expect("BYE")
    c.expect("CANCEL")
    ringing.expect("503 INVITE")
    unacked.expect("BYE")
    t.wait_log("was not answered.* calls=")
    records = farewell.over(t)
    took = time.monotonic() - began
    t.check(took < 8, f"it took {took:.1f} s to end")
    t.equal(records, [(200, "drained", "limen")] * 2 + [(503, "drained", "limen")], "call records")
