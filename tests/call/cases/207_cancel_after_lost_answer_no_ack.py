# SPDX-License-Identifier: Apache-2.0
"""The same, and the ACK never comes: leg A ends by BYE when its time is over."""
CDR = {"status": 200, "ended_by": "A", "cause": "cancel"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)
    b.expect("ACK")
    a.cancel()
    a.expect("200 CANCEL")
    b.expect("BYE")
    b.ok()
    a.expect("BYE", within=5)
    a.ok()
