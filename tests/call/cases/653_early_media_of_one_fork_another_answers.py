# SPDX-License-Identifier: Apache-2.0
"""A fork plays before the answer, another one answers: the caller hears the first, then the second alone."""
from lib import audio
from lib.message import sdp

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    pa, p1, p2 = audio.Phone(t, "caller", 450), audio.Phone(t, "callee", 1550, 3), audio.Phone(t, "callee", 950, 4)
    a = t.caller()
    a.call()
    b = t.callee()
    to_b = b.invite.sdp
    b.reply(183, "Session Progress", tag="fork-one", sdp=sdp(p1.host))
    pa.aim(a.expect(183).sdp)
    audio.flow(0.3, p1.aim(to_b))
    pa.hears(1550)
    b.local_tag = "fork-two"
    b.ok(sdp=sdp(p2.host, session=99))
    m = a.answered()
    b.expect("ACK")
    t.equal(m.sdp.port(), pa.to[1], "our port: the forks are hidden behind one")
    audio.flow(0.1, pa, p1, p2.aim(to_b))
    for p in (pa, p1, p2):
        p.heard()
    audio.flow(0.4, pa, p1, p2)
    pa.hears(950)
    p2.hears(450)
    p1.hears_nothing()
    t.check(t.metric('limen_media_drops_total{drop="unselected"}') > 5, "the first fork's packets are not counted")
    t.hang_up(a, b)
