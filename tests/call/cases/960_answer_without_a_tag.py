# SPDX-License-Identifier: Apache-2.0
"""A callee that puts no tag into To (RFC 2543) and repeats its 200: it is the same answer, not another branch."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    raw = b.reply(200, "OK", sdp=True, replace={"To": b.invite["To"]})
    a.answered()
    b.expect("ACK")
    b.ep.send(raw)
    b.ep.expect_quiet(0.1)
    t.hang_up(a, b)
