# SPDX-License-Identifier: Apache-2.0
"""kill -9 while it rings, and the callee answers before our CANCEL is there: its 200 has an ACK and a BYE."""
from lib import kept

CONFIG = kept.config
CDR = {"status": 503, "ended_by": "limen", "cause": "process restarted"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Progress", sdp=True)
    a.expect(183)
    kept.written(t)
    kept.kill(t)
    t.limen.start()
    a.refused(503)
    b.expect("CANCEL")
    b.reply(481, "Gone")
    b.ok(to=b.invite, sdp=True)
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    t.wait_metric("limen_cancel_crossed_total", 1)
