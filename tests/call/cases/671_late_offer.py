# SPDX-License-Identifier: Apache-2.0
"""Late offer: the tones are heard once the ACK has brought the answer."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    pa, pb = audio.phones(t)
    a = t.caller()
    a.call("")
    b = t.callee()
    b.ok(sdp=True)
    pa.aim(a.expect(200).sdp)
    a.ack(a.sdp())
    pb.aim(b.expect("ACK").sdp)
    audio.both(pa, pb)
    t.hang_up(a, b)
    audio.verdicts(t)
