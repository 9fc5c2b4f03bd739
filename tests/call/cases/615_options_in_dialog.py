# SPDX-License-Identifier: Apache-2.0
"""OPTIONS within the dialog crosses to the other side."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    a, b = t.talk()
    b.request("OPTIONS")
    a.expect("OPTIONS")
    a.ok()
    b.expect("200 OPTIONS")
    t.hang_up(b, a)
