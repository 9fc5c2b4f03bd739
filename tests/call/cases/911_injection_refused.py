# SPDX-License-Identifier: Apache-2.0
"""RTP from a stranger is refused and counted; the right source is heard all along."""
import time

from lib import rtp

CDR = {"status": 200, "ended_by": "A"}


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    evil, evil_b = t.phone("caller", 4, 4000, 66), t.phone("callee", 4, 4000, 66)
    a, b = t.talk()
    to_a, to_b = (a.early.sdp.address(), a.early.sdp.port()), (b.invite.sdp.address(), b.invite.sdp.port())
    evil.send(to_a, 20)
    evil_b.send(to_b, 20)
    rtp.talk(pa, to_a, pb, to_b, seconds=0.3)
    evil.send(to_a, 20)
    time.sleep(0.05)
    pb.drain()
    t.check(all(m != 66 for m, _, _ in pb.received), "the stranger was heard")
    evil.expect_quiet(0.1)
    t.check(t.metric('limen_media_drops_total{drop="source"}') >= 20, "refused packets are not counted")
    t.hang_up(a, b)
