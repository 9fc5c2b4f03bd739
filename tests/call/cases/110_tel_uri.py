# SPDX-License-Identifier: Apache-2.0
"""A tel: URI is carried as a user of the target."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.target = "tel:+49-30-1234567"
    a.remote = "<tel:+49-30-1234567>"
    a.call()
    b = t.callee()
    t.check(b.invite.uri.startswith("sip:+49301234567@"), f"Request-URI {b.invite.uri}")
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
