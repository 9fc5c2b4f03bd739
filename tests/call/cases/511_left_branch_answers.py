# SPDX-License-Identifier: Apache-2.0
"""The answer of a branch crosses the BYE that the caller sent for it: ACK and BYE for it, and the call goes on."""
from lib.message import audio

CDR = [{"status": 200, "ended_by": "A", "cause": "bye"}, {"status": 408}]
SETTLE = 9


def leave_one(t):
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    one = a.expect(183)
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(4010, ("PCMA",)), session=99))
    two = a.expect(183)
    invite, a.remote_tag = a.last_invite, one.tag("To")
    a.bye()
    a.expect("200 BYE")
    bye = b.expect("BYE")
    b.ok()
    b.reply(200, "OK", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))), to=b.invite)
    ack, second = b.expect_each("ACK", "BYE")
    t.equal((ack.tag("To"), second.tag("To")), ("one", "one"), "To tags")
    t.check(second.cseq > bye.cseq, "the second BYE has the number of the first")
    b.reply(200, "OK", to=second)
    a.last_invite, a.remote_tag = invite, two.tag("To")
    return a, b


def run(t):
    t.b
    a, b = leave_one(t)
    a.ep.expect_quiet(0.1)
    b.local_tag = "two"
    b.reply(200, "OK", sdp=b.sdp(audio(4010, ("PCMA",)), session=99), to=b.invite)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
    # nobody else answers: the INVITE is over with the time that further 2xx have
    a, b = leave_one(t)
    a.refused(408, within=5)
