# SPDX-License-Identifier: Apache-2.0
"""A callee that refused a re-INVITE repeats its own description: the answer is not the one that it refused."""
from lib.message import audio, video

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    mine = b.sdp()
    a.request("INVITE", a.sdp(audio(), video(), version=2))
    b.expect("INVITE")
    b.reply(488, "Not Acceptable Here")
    b.expect("ACK")
    a.refused(488)
    b.cseq = max(b.cseq, 200)
    b.request("INVITE", mine)
    m = a.expect("INVITE")
    a.ok(sdp=a.sdp(version=3))
    a.expect("ACK")
    m = b.expect(200)
    t.equal(m.body.count(b"m="), 1, "m-lines of the answer")
    b.ack()
    t.hang_up(a, b)
