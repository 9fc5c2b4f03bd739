# SPDX-License-Identifier: Apache-2.0
"""A second 2xx whose To is longer than we can repeat gets no request with half of it; the call is unharmed."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    name = '"' + "x" * 3000 + '" '
    b.reply(200, "OK", sdp=True, to=b.invite, replace={"To": name + b.invite["To"] + ";tag=other"})
    b.ep.expect_quiet(0.2)
    t.wait_metric('limen_rejects_total{reason="too_large"}', 1)
    t.hang_up(a, b)
