# SPDX-License-Identifier: Apache-2.0
"""A call's port goes to the next call while the first one's phone still sends to it: that is not heard.

Even when it comes from the same host and first: the description's own port is the better rank and takes its place."""
from lib import audio
from lib.message import audio as line, sdp

CONFIG = {"networks": {"core": {"media": {"ports": "30000-30001"}}}}
CDR = [{"status": 200, "ended_by": "A"}] * 3


def run(t):
    pa, pb = audio.phones(t)
    away, near = audio.Phone(t, "callee", 1550, 3, 4000), audio.Phone(t, "callee", 2050, 2, 4010)
    for n, old in enumerate((away, near)):
        a, b = t.talk(answer=sdp(old.host, line(old.port)))
        audio.both(pa.aim(a.early.sdp), old.aim(b.invite.sdp), 0.2)
        t.hang_up(a, b)
        audio.records(t, n + 1)
        audio.flow(0.3, old)
    before = audio.refused(t)
    a, b = audio.join(t, pa, pb)
    t.equal(pb.to, near.to, "the new call's port: the only one there is")
    audio.flow(0.1, away, near)
    audio.flow(0.15, pa, pb, away, near)
    for p in (pa, pb, near):
        p.heard()
    audio.flow(0.4, pa, pb, away, near)
    pa.hears(950)
    pb.hears(450)
    near.hears_nothing()
    away.hears_nothing()
    t.check(audio.refused(t) > before + 20, "the old streams are not counted as refused")
    t.hang_up(a, b)
    audio.records(t, 3)
    m = t.limen.cdrs()[2]["media"][0]["from_b"]
    t.equal((m["latch"], m["latched"]), ("sdp", audio.said(t, pb.host, 4000)), "latched in the end")
