# SPDX-License-Identifier: Apache-2.0
"""The same, and the callee refuses what stood before, or lets it ring and then knows the dialog no more: nobody agrees
with anybody, and the call ends."""
from lib.message import audio

CDR = [{"verdict": ..., "status": 200, "ended_by": "limen", "cause": "crossed update not undone"} for _ in range(2)]


def undone(t):
    """Both sides, and the re-INVITE that offers again what stood before."""
    a, b = t.talk(allow="INVITE, ACK, BYE, CANCEL")
    a.request("UPDATE", a.sdp(audio(way="sendonly"), version=2))
    m = b.expect("INVITE")
    b.reply(180, "Ringing")
    a.expect("504 UPDATE")
    b.expect("CANCEL")
    b.ok()
    b.reply(200, "OK", sdp=b.sdp(audio(way="recvonly"), version=2), to=m)
    return a, b, b.expect_each("ACK", "INVITE")[1]


def ended(a, b):
    b.expect_each("ACK", "BYE")
    b.ok()
    a.expect("BYE")
    a.ok()


def run(t):
    a, b, again = undone(t)
    b.reply(488, "Not Acceptable Here", to=again)
    ended(a, b)

    a, b, again = undone(t)
    b.reply(180, "Ringing", to=again)
    b.expect("CANCEL")
    b.ok()
    b.reply(481, "Call/Transaction Does Not Exist", to=again)
    ended(a, b)
