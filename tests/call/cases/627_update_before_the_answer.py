# SPDX-License-Identifier: Apache-2.0
"""UPDATE with a description before the answer is not for this build: 491, and the call goes on."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    invite = a.last_invite
    a.request("UPDATE", a.sdp(version=2))
    a.expect("491 UPDATE")
    b.ok(sdp=True)
    a.last_invite = invite
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
