# SPDX-License-Identifier: Apache-2.0
"""The same, and the callee does not even answer the CANCEL's INVITE: the call goes on."""
from lib.message import audio

CDR = {"verdict": ..., "status": 200, "ended_by": "A", "cause": "bye"}
SETTLE = 9


def run(t):
    a, b = t.talk(allow="INVITE, ACK, BYE, CANCEL")
    a.request("UPDATE", a.sdp(audio(way="sendonly"), version=2))
    m = b.expect("INVITE")
    b.reply(180, "Ringing")
    a.expect("504 UPDATE")
    b.expect("CANCEL")
    b.ok()
    a.ep.expect_quiet(3)
    t.hang_up(a, b)
