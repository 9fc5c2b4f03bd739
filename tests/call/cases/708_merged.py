# SPDX-License-Identifier: Apache-2.0
"""The same request by two ways is merged: the second is answered 482 (RFC 3261 §8.2.2.2)."""
from lib.message import branch

CDR = {"status": 200, "ended_by": "A"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    first = a.last_invite
    b = t.callee()
    a.request("INVITE", a.sdp(), cseq=a.cseq, via_branch=branch())
    a.refused(482)
    a.last_invite = first
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
