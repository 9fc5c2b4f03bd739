# SPDX-License-Identifier: Apache-2.0
"""A forked 18x with media and other codecs: an early dialog of its own towards the caller for each."""
CDR = {"status": 200, "ended_by": "B"}


def run(t):
    t.b
    from lib.message import audio
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="fork-one", sdp=b.sdp(audio(4000, ["PCMA"])))
    one = a.expect(183)
    b.reply(183, "Session Progress", tag="fork-two", sdp=b.sdp(audio(4010, ["PCMU"]), session=99))
    two = a.expect(183)
    t.check(one.tag("To") != two.tag("To"), "both forks have one To tag")
    b.local_tag = "fork-one"
    b.ok(sdp=b.sdp(audio(4000, ["PCMA"])))
    m = a.answered()
    t.equal(m.tag("To"), one.tag("To"), "To tag of the answer")
    t.equal(m.sdp.formats(), ["8"], "formats of the answer")
    b.expect("ACK")
    t.hang_up(b, a)
