# SPDX-License-Identifier: Apache-2.0
"""Ringing has a bound: the callee is cancelled, the caller told 408."""
CONFIG = {"timers": {"c": 1000}}
CDR = {"status": 408, "ended_by": "limen", "cause": "ringing limit"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    b.expect("CANCEL", within=3)
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    a.refused(408)
