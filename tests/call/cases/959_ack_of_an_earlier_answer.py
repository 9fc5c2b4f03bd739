# SPDX-License-Identifier: Apache-2.0
"""The first 200 comes once more after a re-INVITE: its ACK has its own CSeq, not the re-INVITE's."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    first = b.ok(sdp=True)
    a.answered()
    cseq = b.expect("ACK")["CSeq"]
    a.ep.expect_quiet(0.05)
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(audio(way="recvonly"), version=2))
    a.answered()
    t.check(b.expect("ACK")["CSeq"] != cseq, "one CSeq for two INVITEs")
    b.ep.send(first)
    t.equal(b.expect("ACK")["CSeq"], cseq, "CSeq of the ACK")
    t.hang_up(a, b)
