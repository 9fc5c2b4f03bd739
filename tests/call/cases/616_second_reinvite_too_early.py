# SPDX-License-Identifier: Apache-2.0
"""A second re-INVITE before the first is answered: 500 with Retry-After (RFC 3261 §14.2)."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    first = a.last_invite
    b.expect("INVITE")
    a.request("INVITE", a.sdp(audio(way="inactive"), version=3))
    m = a.refused(500)
    t.check(m["Retry-After"].isdigit(), "no Retry-After")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    a.last_invite = first
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
