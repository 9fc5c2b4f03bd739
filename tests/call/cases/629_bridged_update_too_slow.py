# SPDX-License-Identifier: Apache-2.0
"""UPDATE that became a re-INVITE and is not answered in time: 504, CANCEL, and the call goes on as it was."""
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
    b.reply(487, "Request Terminated", to=m)
    b.expect("ACK")
    # the next one finds nothing in its way
    a.request("UPDATE", a.sdp(audio(way="sendonly"), version=3))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    b.expect("ACK")
    a.expect("200 UPDATE")
    t.hang_up(a, b)
