# SPDX-License-Identifier: Apache-2.0
"""UPDATE to a side that knows none becomes a re-INVITE there."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk(allow="INVITE, ACK, BYE, CANCEL")
    a.request("UPDATE", a.sdp(audio(way="sendonly"), version=2))
    t.equal(b.expect("INVITE").sdp.way(), "sendonly", "direction at the callee")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    b.expect("ACK")
    a.expect("200 UPDATE")
    t.hang_up(a, b)
