# SPDX-License-Identifier: Apache-2.0
"""kill -9 before the ACK of a 2xx with an offer, and behind the ACK of one with an answer: both have the credentials of their INVITE in the next process, too."""
from lib import kept
from lib.digest import Verifier, asked, credentials

CDR = [{"status": 200, "cause": "bye", "verdict": ...}] * 2
SETTLE = 12


def CONFIG(t):
    return kept.config(t, timers={"t1": 100}, leak="block",
                       peers={"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}})


def begun(t, body):
    """A call of which the callee has asked who we are, and has answered: (caller, callee, our INVITE, our 200)."""
    core = Verifier(user="4930", password="carrier secret")
    d = t.caller()
    d.call(body)
    b = t.callee()
    invite = asked(t, core, b, b.invite)
    t.check(credentials(invite), "the INVITE has some")
    b.ok(to=invite, sdp=True)
    return d, b, invite, d.expect(200)


def run(t):
    t.b
    d, b, invite, ok = begun(t, "")
    kept.again(t)
    d.ep.forget_repeats()
    d.ep.expect_repeat(ok)
    d.ack(d.sdp())
    ack = b.expect("ACK")
    t.check(ack.sdp, "the ACK of leg B brings no answer")
    t.equal(credentials(ack), credentials(invite), "credentials of the ACK")
    t.hang_up(d, b)
    t.wait_metric("limen_calls", 0)

    d, b, invite, ok = begun(t, True)
    ack = b.expect("ACK")
    d.ack()
    kept.again(t)
    b.ep.forget_repeats()
    b.ep.send(b.replied)
    again = b.ep.expect_repeat(ack)
    t.equal(credentials(again), credentials(invite), "credentials of the ACK once more")
    t.hang_up(d, b)
