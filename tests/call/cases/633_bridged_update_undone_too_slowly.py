# SPDX-License-Identifier: Apache-2.0
"""The same, and the callee lets it ring, then knows the dialog no more: CANCEL, and the call ends."""
from lib.message import audio

CDR = {"verdict": ..., "status": 200, "ended_by": "limen", "cause": "crossed update not undone"}


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
    b.reply(180, "Ringing", to=again)
    b.expect("CANCEL")
    b.ok()
    b.reply(481, "Call/Transaction Does Not Exist", to=again)
    b.expect_each("ACK", "BYE")
    b.ok()
    a.expect("BYE")
    a.ok()
