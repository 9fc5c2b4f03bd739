# SPDX-License-Identifier: Apache-2.0
"""Early media: 183 with a description, then 180 without, then the answer.

Every provisional code is relayed as it came, and what the callee plays before the answer is heard."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", sdp=True)
    early = a.expect(183)
    t.check(early.sdp, "183 has no description")
    pb.send((b.invite.sdp.address(), b.invite.sdp.port()), 3)
    pa.expect(2)
    b.reply(180, "Ringing")
    t.equal(a.expect(180).tag("To"), early.tag("To"), "To tag of 180")
    b.ok(sdp=True)
    m = a.answered()
    t.equal(m.tag("To"), early.tag("To"), "To tag of 200")
    t.equal(m.sdp.text, early.sdp.text, "description of 200: nothing has changed")
    b.expect("ACK")
    t.hang_up(b, a)
