# SPDX-License-Identifier: Apache-2.0
"""A rejected m-line is kept in its place, in the first answer and in what follows."""
from lib.message import audio, video

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call(a.sdp(video(), audio()))
    b = t.callee()
    t.equal([b.invite.sdp.kind(i) for i in (0, 1)], ["video", "audio"], "m-lines at the callee")
    b.ok(sdp=b.sdp(video(0), audio()))
    m = a.answered()
    b.expect("ACK")
    t.equal([(m.sdp.kind(i), m.sdp.port(i) > 0) for i in (0, 1)], [("video", False), ("audio", True)], "m-lines at the caller")
    t.hang_up(a, b)
