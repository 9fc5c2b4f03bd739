# SPDX-License-Identifier: Apache-2.0
"""A 200 that crosses our CANCEL is ACKed, then ended by BYE (RFC 3261 §9.1, §13.2.2.4); a 407 is not answered with
credentials: the caller has given up."""
from lib.digest import Verifier

CDR = [{"status": 487, "ended_by": "A", "cause": "cancel"} for _ in range(2)]
CONFIG = {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}}


def cancelled(t):
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.expect("CANCEL")
    return b


def run(t):
    t.b
    b = cancelled(t)
    b.reply(200, "OK", to=b.invite, sdp=True)
    b.reply(481, "Gone")
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    t.wait_metric("limen_cancel_crossed_total", 1)

    b = cancelled(t)
    core = Verifier(user="4930", password="carrier secret")
    b.reply(407, "Proxy Authentication Required", to=b.invite, headers=[core.challenge()])
    b.reply(481, "Gone")
    b.expect("ACK")
    b.ep.expect_quiet(0.3)
