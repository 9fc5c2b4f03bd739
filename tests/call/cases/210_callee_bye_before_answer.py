# SPDX-License-Identifier: Apache-2.0
"""A callee that sends BYE before it answered is taken for what it means: its INVITE is cancelled, the caller refused."""
CDR = {"ended_by": "B", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    b.bye()
    b.expect_each("200 BYE", "CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    a.refused(503)
