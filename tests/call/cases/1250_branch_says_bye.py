# SPDX-License-Identifier: Apache-2.0
"""A branch of a fork that sends BYE before the answer ends itself alone: the others ring on, and one of them answers.

RFC 3261 §15 does not let a callee send it; the last branch that does so is taken for what it means: case 210."""
from lib.message import audio

CDR = [{"status": 200, "ended_by": "A", "cause": "bye"}, {"ended_by": "B", "cause": "bye"}]


def two_branches(t):
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    a.expect(183)
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(4010, ("PCMA",)), session=99))
    return a, b, a.expect(183).tag("To")


def leave(b, tag):
    b.local_tag = tag
    b.bye()


def run(t):
    t.b
    a, b, two = two_branches(t)
    invite = a.last_invite
    leave(b, "one")
    b.expect("200 BYE")
    # one that was never heard of, too
    leave(b, "three")
    b.expect("200 BYE")
    # what the first says now is of no interest, not even an answer
    b.reply(180, "Ringing", tag="one", to=b.invite)
    a.ep.expect_quiet(0.1)
    b.local_tag = "one"
    b.reply(200, "OK", sdp=b.sdp(audio(4000, ("PCMU",))), to=b.invite)
    b.expect_each("ACK", "BYE")
    b.ok()
    b.local_tag = "two"
    b.reply(200, "OK", sdp=b.sdp(audio(4010, ("PCMA",)), session=99), to=b.invite)
    a.last_invite, a.remote_tag = invite, two
    t.equal(a.answered().tag("To"), two, "tag of the answer")
    b.expect("ACK")
    t.hang_up(a, b)

    a, b, two = two_branches(t)
    leave(b, "two")
    b.expect("200 BYE")
    leave(b, "one")
    b.expect_each("200 BYE", "CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    a.refused(503)
