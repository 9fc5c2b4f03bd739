# SPDX-License-Identifier: Apache-2.0
"""Two branches preview their answers, the first says 200 without one: its own preview is the answer, not the last one."""
import time

from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    one = a.expect(183)
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(4010, ("PCMA",)), session=99))
    two = a.expect(183)
    t.check(one.tag("To") != two.tag("To"), "both branches have one tag")
    b.local_tag = "one"
    b.ok()
    m = a.answered()
    t.equal((m.tag("To"), m.sdp.text), (one.tag("To"), one.sdp.text), "tag and description of the answer")
    b.expect("ACK")
    time.sleep(0.05)  # nothing tells that the caller's ACK has been taken
    # what is agreed is that: the same again is a refresh, and answered here
    b.request("INVITE", b.sdp(audio(4000, ("PCMU",))))
    b.expect(200)
    b.ack()
    t.hang_up(a, b)
