# SPDX-License-Identifier: Apache-2.0
"""kill -9 while our 200 waits for its ACK: the next process repeats it until the ACK (RFC 3261 §13.3.1.4), and knows the INVITE."""
from lib import audio, kept

CDR = kept.CDR
SETTLE = 12


def CONFIG(t):
    return kept.config(t, timers={"t1": 100})


def run(t):
    pa, pb = audio.phones(t)
    t.b
    a = t.caller()
    invite = a.call()
    b = t.callee()
    b.ok(sdp=True)
    ack = b.expect("ACK")
    ok = a.expect(200)
    kept.again(t)
    a.ep.forget_repeats()
    a.ep.expect_repeat(ok)
    a.ep.send(invite)
    a.ep.expect_repeat(ok)
    b.ep.forget_repeats()
    b.ep.send(b.replied)
    again = b.expect("ACK")
    t.equal((again.cseq, again.tag("To"), again.tag("From")), (ack.cseq, ack.tag("To"), ack.tag("From")), "our ACK once more")
    t.equal(t.metric("limen_calls"), 1, "calls")
    a.ack()
    b.ep.expect_quiet(0.3)
    pa.aim(ok.sdp)
    pb.aim(b.invite.sdp)
    audio.both(pa, pb)
    a.ep.forget_repeats()
    a.ep.expect_quiet(0.8)
    t.equal(len(a.ep.repeats), 0, "repetitions after the ACK")
    t.hang_up(a, b)
