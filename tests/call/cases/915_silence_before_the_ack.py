# SPDX-License-Identifier: Apache-2.0
"""No media, and no ACK either: media silence ends the call before the ACK's time is over."""
CONFIG = {"timers": {"media_silence": 1000}}
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
