# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE is cancelled: the callee's 487 comes back, and the call goes on."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    m = b.expect("INVITE")
    b.reply(100, "Trying", to=m)
    b.ep.case.wait_metric("limen_calls", 1)
    a.cancel()
    a.expect("200 CANCEL")
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=m)
    b.expect("ACK")
    a.refused(487)
    t.hang_up(a, b)
