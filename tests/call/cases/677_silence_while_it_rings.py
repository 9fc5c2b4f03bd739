# SPDX-License-Identifier: Apache-2.0
"""While it rings nobody has to send: media_silence begins with the answer, and then it does end the call.

With a preview in a 183, the same description in the 200, and no packet at all."""
import time

CONFIG = {"timers": {"media_silence": 800}}
CDR = {"status": 200, "ended_by": "limen", "cause": "no media from A", "verdict": (None, None)}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", sdp=True)
    a.expect(183)
    time.sleep(1.2)
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    began = time.monotonic()
    for d in (a, b):
        d.expect("BYE", within=3.0)
        d.ok()
    t.check(0.5 < time.monotonic() - began < 2.0, f"the call ended {time.monotonic() - began:.2f} s after the answer")
