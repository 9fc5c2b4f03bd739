# SPDX-License-Identifier: Apache-2.0
"""kill -9 while our 200 to a re-INVITE waits for its ACK, on either leg: the next process repeats it until then."""
from lib import kept
from lib.message import audio as line

CDR = kept.SILENT
SETTLE = 12


def CONFIG(t):
    return kept.config(t, timers={"t1": 100})


def unacked(t, x, y, version):
    x.request("INVITE", x.sdp(line(way="sendonly" if version == 2 else "sendrecv"), version=version))
    m = y.expect("INVITE")
    y.ok(sdp=y.sdp(line(way="recvonly" if version == 2 else "sendrecv"), version=version))
    y.expect("ACK")
    ok = x.expect("200 INVITE")
    y.seen, x.seen, y.asked = m, ok, m.cseq
    kept.again(t)
    x.ep.forget_repeats()
    x.ep.expect_repeat(ok)
    x.ack()
    x.ep.expect_quiet(0.3)
    x.ep.forget_repeats()
    x.ep.expect_quiet(0.8)
    t.equal(len(x.ep.repeats), 0, "repetitions after the ACK")


def run(t):
    a, b = kept.talk(t)
    unacked(t, a, b, 2)
    unacked(t, b, a, 3)
    kept.reinvite(t, a, b, "inactive", "inactive", version=4)
    t.hang_up(a, b)
