# SPDX-License-Identifier: Apache-2.0
"""Our ACK is lost on leg B: the callee repeats its 200, and we repeat the ACK."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    raw = b.ok(sdp=True)
    ack = b.expect("ACK")
    a.answered()
    for _ in range(2):
        b.ep.send(raw)
        b.ep.expect_repeat(ack)
    t.hang_up(a, b)
    b.ep.send(raw)  # and once more after the end, when it is nobody's
    b.ep.pump(0.1)
