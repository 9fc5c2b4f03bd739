# SPDX-License-Identifier: Apache-2.0
"""kill -9 between the 200 with an offer to a re-INVITE without one and its ACK: the next process takes the answer across."""
from lib import kept
from lib.message import audio as line

CDR = kept.SILENT
SETTLE = 12


def CONFIG(t):
    return kept.config(t, timers={"t1": 100})


def run(t):
    a, b = kept.talk(t)
    a.request("INVITE")
    m = b.expect("INVITE")
    b.ok(sdp=b.sdp(line(way="sendonly"), version=2))
    ok = a.expect("200 INVITE")
    kept.again(t)
    a.ep.forget_repeats()
    a.ep.expect_repeat(ok)
    a.ack(a.sdp(line(way="recvonly"), version=2))
    ack = b.expect("ACK")
    t.equal((ack.cseq, ack.sdp.way()), (m.cseq, "recvonly"), "the answer")
    b.seen, a.seen, b.asked = ack, ok, m.cseq
    kept.reinvite(t, a, b, "inactive", "inactive", version=3)
    t.hang_up(a, b)
