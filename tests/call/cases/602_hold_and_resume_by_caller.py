# SPDX-License-Identifier: Apache-2.0
"""The caller puts the call on hold (sendonly) and takes it up again; o= rises by one each time."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    first = b.invite.sdp
    for n, (way, back) in enumerate((("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")), 2):
        a.request("INVITE", a.sdp(audio(way=way), version=n))
        m = b.expect("INVITE")
        t.equal(m.sdp.way(), way, "direction at the callee")
        t.equal((m.sdp.id, m.sdp.version), (first.id, first.version + n - 1), "o= at the callee")
        t.equal(m.sdp.port(), first.port(), "our port")
        b.ok(sdp=b.sdp(audio(way=back), version=n))
        ok = a.answered()
        t.equal(ok.sdp.way(), back, "direction at the caller")
        b.expect("ACK")
    t.hang_up(a, b)
