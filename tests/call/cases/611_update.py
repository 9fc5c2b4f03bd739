# SPDX-License-Identifier: Apache-2.0
"""UPDATE with a description reaches a side that knows UPDATE as UPDATE (RFC 3311)."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk(allow="INVITE, ACK, BYE, CANCEL, UPDATE")
    a.request("UPDATE", a.sdp(audio(way="sendonly"), version=2))
    t.equal(b.expect("UPDATE").sdp.way(), "sendonly", "direction at the callee")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    t.equal(a.expect("200 UPDATE").sdp.way(), "recvonly", "direction at the caller")
    t.hang_up(a, b)
