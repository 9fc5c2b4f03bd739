# SPDX-License-Identifier: Apache-2.0
"""A forked 18x with media, codecs alike: one To tag and the same ports hide the forks; the one that answers is heard."""
CDR = {"status": 200, "ended_by": "A"}


def run(t):
    t.b
    pa, p1, p2 = t.phone("caller", mark=1), t.phone("callee", 2, 4000, 2), t.phone("callee", 3, 4000, 3)
    from lib import message, rtp
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="fork-one", sdp=message.sdp(t.addr("callee", 2)))
    one = a.expect(183)
    to_b = (b.invite.sdp.address(), b.invite.sdp.port())
    p1.send(to_b, 3)
    pa.expect(2)
    b.reply(183, "Session Progress", tag="fork-two", sdp=message.sdp(t.addr("callee", 3), session=99))
    a.ep.pump(0.1)
    again = [m for m in a.ep.inbox if m.status == 183]
    a.ep.inbox.clear()
    for m in again:
        t.equal(m.tag("To"), one.tag("To"), "To tag of the second fork")
        t.equal(m.sdp.port(), one.sdp.port(), "port of the second fork")
    p2.send(to_b, 3)
    pa.expect(3)
    b.local_tag = "fork-two"
    b.ok(sdp=message.sdp(t.addr("callee", 3), session=99))
    m = a.answered()
    t.equal(m.tag("To"), one.tag("To"), "To tag of the answer")
    b.expect("ACK")
    rtp.talk(pa, (m.sdp.address(), m.sdp.port()), p2, to_b)
    t.hang_up(a, b)
