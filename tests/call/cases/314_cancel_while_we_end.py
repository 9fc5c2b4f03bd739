# SPDX-License-Identifier: Apache-2.0
"""The callee hangs up, the caller ACKs and then sends CANCEL, too late: it is answered, and our BYE ends the call."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    b.expect("ACK")
    a.expect(200)
    b.bye()
    b.expect("200 BYE")
    a.ack()
    a.expect("BYE")
    bye = a.heard
    a.cancel()
    a.expect("200 CANCEL")
    a.reply(200, "OK", to=bye)
