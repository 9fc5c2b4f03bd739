# SPDX-License-Identifier: Apache-2.0
"""BYE of the caller for one of two early dialogs ends that one alone (RFC 3261 §15); for the last one, the call."""
from lib.message import audio

CDR = [{"status": 200, "ended_by": "A", "cause": "bye"}, {"status": 487, "ended_by": "A", "cause": "bye"}]


def two_branches(t):
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    one = a.expect(183)
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(4010, ("PCMA",)), session=99))
    two = a.expect(183)
    return a, b, one.tag("To"), two.tag("To")


def leave(a, b, tag):
    a.remote_tag = tag
    a.bye()
    a.expect("200 BYE")
    m = b.expect("BYE")
    b.ok()
    return m


def run(t):
    t.b
    a, b, one, two = two_branches(t)
    invite = a.last_invite
    m = leave(a, b, one)
    t.equal((m.tag("To"), m.tag("From")), ("one", b.remote_tag), "tags of the BYE")
    # the branch is told no more of, the dialog is not there any more
    b.reply(180, "Ringing", tag="one", to=b.invite)
    a.ep.expect_quiet(0.1)
    a.bye()
    a.expect("481 BYE")
    b.local_tag = "two"
    b.reply(200, "OK", sdp=b.sdp(audio(4010, ("PCMA",)), session=99), to=b.invite)
    a.last_invite, a.remote_tag = invite, two
    t.equal(a.answered().tag("To"), two, "tag of the answer")
    b.expect("ACK")
    t.hang_up(a, b)

    a, b, one, two = two_branches(t)
    invite = a.last_invite
    t.equal(leave(a, b, two).tag("To"), "two", "To tag of the BYE")
    a.remote_tag = one
    a.bye()
    m, _ = a.expect_each("487 INVITE", "200 BYE")
    a.last_invite = invite
    a.ack_refusal(m)
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
