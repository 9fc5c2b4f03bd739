# SPDX-License-Identifier: Apache-2.0
"""The callee's 2xx crosses the CANCEL of a bridged UPDATE: it is offered again what stood before."""
from lib.message import audio

CDR = {"verdict": ..., "status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk(allow="INVITE, ACK, BYE, CANCEL")
    a.request("UPDATE", a.sdp(audio(way="sendonly"), version=2))
    m = b.expect("INVITE")
    b.reply(180, "Ringing")
    a.expect("504 UPDATE")
    b.expect("CANCEL")
    b.ok()
    b.reply(200, "OK", sdp=b.sdp(audio(way="recvonly"), version=2), to=m)
    _, again = b.expect_each("ACK", "INVITE")
    t.equal(again.sdp.way(), "sendrecv", "direction of the second offer")
    t.equal((again.sdp.port(), again.sdp.version), (m.sdp.port(), m.sdp.version + 1), "its port and version")
    b.reply(200, "OK", sdp=b.sdp(version=3), to=again)
    b.expect("ACK")
    a.ep.expect_quiet(0.05)
    t.hang_up(a, b)
