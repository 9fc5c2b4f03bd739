# SPDX-License-Identifier: Apache-2.0
"""The bound on a call's length comes before the caller's ACK: leg B ends at once, leg A when its ACK comes."""
CONFIG = {"timers": {"call_max": 1000}}
CDR = None


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    a.expect(200)
    b.expect("BYE", within=3)
    b.ok()
    a.ack()
    a.expect("BYE")
    a.ok()
