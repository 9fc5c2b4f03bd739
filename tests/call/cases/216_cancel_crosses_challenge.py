# SPDX-License-Identifier: Apache-2.0
"""A 407 that crosses our CANCEL is not answered with credentials: the caller has given up."""
from lib.digest import Verifier

CDR = {"status": 487, "ended_by": "A", "cause": "cancel"}


def CONFIG(t):
    return {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    a.cancel()
    m, _ = a.expect_each("487 INVITE", "200 CANCEL")
    a.ack_refusal(m)
    b.expect("CANCEL")
    core = Verifier(user="4930", password="carrier secret")
    b.reply(407, "Proxy Authentication Required", to=b.invite, headers=[core.challenge()])
    b.reply(481, "Gone")
    b.expect("ACK")
    b.ep.expect_quiet(0.3)
