# SPDX-License-Identifier: Apache-2.0
"""Both sides send a re-INVITE at once: 491 for both (RFC 3261 §14.1), and the call goes on."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    cross = b.expect("INVITE")  # on its way while the callee sends its own
    b.request("INVITE", b.sdp(audio(way="sendonly"), version=2))
    m = b.expect(491)
    b_ack(b, m)
    b.reply(491, "Request Pending", to=cross)
    b.expect("ACK")
    a.refused(491)
    b.request("INVITE", b.sdp(audio(way="sendonly"), version=3))
    a.expect("INVITE")
    a.ok(sdp=a.sdp(audio(way="recvonly"), version=3))
    b.expect(200)
    b.ack()
    a.expect("ACK")
    t.hang_up(a, b)


def b_ack(b, m):
    from lib.dialog import Caller
    Caller.ack_refusal(b, m)
