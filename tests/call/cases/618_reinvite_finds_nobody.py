# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE answered 481: the far dialog is no more, and the call ends on both sides (RFC 3261 §12.2.1.2)."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "limen", "cause": "far dialog gone"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    b.expect("INVITE")
    b.reply(481, "No Dialog")
    b.expect_each("ACK", "BYE")
    b.reply(481, "No Dialog")
    a.refused(481)
    a.expect("BYE")
    a.ok()
