# SPDX-License-Identifier: Apache-2.0
"""A session refresh (the same description, or an UPDATE without one) is answered here; the callee hears nothing."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp())
    m = a.answered()
    t.equal(m.sdp.text, a.early.sdp.text, "description of the answer")
    a.request("UPDATE")
    a.expect("200 UPDATE")
    b.ep.expect_quiet(0.1)
    t.hang_up(a, b)
