# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE names another address for the callee's audio: it is followed, and the old source is a stranger from then on."""
from lib import audio
from lib.message import sdp

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    new = audio.Phone(t, "callee", 2050, 3, 5000)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    port = pb.to
    from lib.message import audio as line
    b.request("INVITE", sdp(new.host, line(5000), version=2))
    m = a.expect("INVITE")
    t.equal((m.sdp.address(), m.sdp.port()), pa.to, "our address towards the caller")
    a.ok(sdp=a.sdp())
    ok = b.expect(200)
    b.ack()
    a.expect("ACK")
    t.equal((ok.sdp.address(), ok.sdp.port()), port, "our address towards the callee")
    new.aim(ok.sdp)
    audio.flow(0.1, pa, pb, new)
    for p in (pa, pb, new):
        p.heard()
    audio.flow(0.4, pa, pb, new)
    pa.hears(2050)
    new.hears(450)
    pb.hears_nothing()
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]["from_b"]
    t.equal((m["latched"], m["latch"], m["refused"]), (audio.said(t, new.host, 5000), "sdp", audio.said(t, pb.host, 4000)),
            "record")
