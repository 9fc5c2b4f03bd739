# SPDX-License-Identifier: Apache-2.0
"""The 200 to a re-INVITE is never ACKed: the dialog ends (RFC 3261 §14.2)."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "limen", "cause": "ack lost"}
VERDICTS = None


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    a, b = t.talk(offer=None)
    a.request("INVITE", a.sdp(audio(way="inactive"), version=2))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(audio(way="inactive"), version=2))
    b.expect("ACK")
    m = a.expect(200)
    a.ep.expect_repeat(m)
    a.expect("BYE", within=5)
    a.ok()
    b.expect("BYE")
    b.ok()
