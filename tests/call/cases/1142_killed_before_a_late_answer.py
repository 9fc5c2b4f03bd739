# SPDX-License-Identifier: Apache-2.0
"""kill -9 between the 200 with our offer and the ACK with its answer: the next process takes the answer across."""
from lib import audio, kept

CDR = kept.CDR
SETTLE = 12


def CONFIG(t):
    return kept.config(t, timers={"t1": 100})


def run(t):
    pa, pb = audio.phones(t)
    t.b
    a = t.caller()
    a.call("")
    b = t.callee()
    b.ok(sdp=True)
    ok = a.expect(200)
    kept.again(t)
    a.ep.forget_repeats()
    a.ep.expect_repeat(ok)
    b.ep.send(b.replied)
    b.ep.expect_quiet(0.3)  # no ACK before there is an answer
    a.ack(a.sdp())
    ack = b.expect("ACK")
    t.check(ack.sdp, "the ACK of leg B brings no answer")
    pa.aim(ok.sdp)
    pb.aim(ack.sdp)
    audio.both(pa, pb)
    b.ep.forget_repeats()
    b.ep.send(b.replied)
    b.ep.expect_repeat(ack)
    t.hang_up(a, b)
