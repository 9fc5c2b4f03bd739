# SPDX-License-Identifier: Apache-2.0
"""Both hang up at once: each BYE gets its 200."""
CDR = {"status": 200, "cause": "bye"}


def run(t):
    a, b = t.talk()
    b.bye()
    b.expect("200 BYE")
    bye = a.expect("BYE")
    a.bye()  # it had not seen the other's yet
    a.expect("200 BYE")
    a.ok(to=bye)
