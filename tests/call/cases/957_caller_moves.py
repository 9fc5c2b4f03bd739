# SPDX-License-Identifier: Apache-2.0
"""A caller behind NAT comes back from another port with a re-INVITE: the BYE finds it there."""
from lib.message import audio

CONFIG = {"networks": {"access": {"nat": True}}}
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.ep = t.endpoint("caller", port=5071, name="caller-moved")
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    a.answered()
    b.expect("ACK")
    b.bye()
    a.expect("BYE")
    a.ok()
    b.expect("200 BYE")
