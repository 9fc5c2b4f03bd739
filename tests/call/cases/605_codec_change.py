# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE changes the codec; audio goes on through the same ports."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    from lib import rtp
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(codecs=["PCMU", "telephone-event"]), version=2))
    m = b.expect("INVITE")
    t.equal(m.sdp.formats(), ["0", "101"], "formats at the callee")
    b.ok(sdp=b.sdp(audio(codecs=["PCMU"]), version=2))
    ok = a.answered()
    t.equal(ok.sdp.formats(), ["0"], "formats at the caller")
    b.expect("ACK")
    rtp.talk(pa, (ok.sdp.address(), ok.sdp.port()), pb, (m.sdp.address(), m.sdp.port()))
    t.hang_up(a, b)
