# SPDX-License-Identifier: Apache-2.0
"""After a CANCEL that came too late the caller sends BYE and no ACK: it gets its 200, and none of ours."""
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
    a.bye()
    a.expect("200 BYE")
