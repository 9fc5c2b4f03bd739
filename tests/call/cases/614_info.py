# SPDX-License-Identifier: Apache-2.0
"""INFO with a body crosses in both directions, and its answer comes back."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    for one, other in ((a, b), (b, a)):
        one.request("INFO", "Signal=5\r\nDuration=160\r\n", ctype="application/dtmf-relay")
        m = other.expect("INFO")
        t.equal((m.body, m["Content-Type"]), (b"Signal=5\r\nDuration=160\r\n", "application/dtmf-relay"), "body")
        other.ok()
        one.expect("200 INFO")
    a.request("INFO", "x", ctype="text/plain")
    b.expect("INFO")
    b.reply(415, "No Such Body")
    a.expect(415)
    t.hang_up(a, b)
