# SPDX-License-Identifier: Apache-2.0
"""The caller's BYE is answered and the callee's is not yet: a second BYE of the caller gets its 200, too."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.bye()
    a.expect("200 BYE")
    b.expect("BYE")
    a.bye()
    a.expect("200 BYE")
    b.ok()
