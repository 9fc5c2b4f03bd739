# SPDX-License-Identifier: Apache-2.0
"""kill -9 behind the ACK with the answer to a late offer: the callee's 200 once more has that ACK again, answer and all."""
from lib import kept

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)
    a.ack(a.sdp())
    ack = b.expect("ACK")
    kept.again(t)
    b.ep.forget_repeats()
    b.ep.send(b.replied)
    b.ep.expect_repeat(ack)
    t.hang_up(a, b)
