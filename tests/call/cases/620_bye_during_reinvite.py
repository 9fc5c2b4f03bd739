# SPDX-License-Identifier: Apache-2.0
"""BYE while a re-INVITE is open: it is answered 487, the one on the other leg is cancelled, and both end."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    reinvite = a.last_invite
    m = b.expect("INVITE")
    b.reply(100, "Trying", to=m)
    a.bye()
    refused, _ = a.expect_each("487 INVITE", "200 BYE")
    a.last_invite = reinvite
    a.ack_refusal(refused)
    got = {}
    for _ in range(2):
        x = b.expect(("BYE", "CANCEL"))
        got[x.method] = x
        b.ok(to=x)
    t.equal(set(got), {"BYE", "CANCEL"}, "what the callee was told")
    b.reply(487, "Request Terminated", to=m)
    b.expect("ACK")
