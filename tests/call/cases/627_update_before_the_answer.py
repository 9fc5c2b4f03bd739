# SPDX-License-Identifier: Apache-2.0
"""UPDATE with a description while the first offer has no answer: 500 (RFC 3311 §5.2), and the call goes on."""
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
    t.check(a.expect("500 UPDATE")["Retry-After"], "no Retry-After")
    b.ok(sdp=True)
    a.last_invite = invite
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
