# SPDX-License-Identifier: Apache-2.0
"""A BYE that nobody answers is repeated, and given up after Timer F."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}
SETTLE = 9


def run(t):
    a, b = t.talk()
    a.bye()
    a.expect(200)
    m = b.expect("BYE")
    b.ep.expect_repeat(m)
    b.ep.expect_repeat(m)
