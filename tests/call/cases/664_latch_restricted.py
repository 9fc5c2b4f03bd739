# SPDX-License-Identifier: Apache-2.0
"""latch restricted: the signalling's own host, and the peer's media ACL, are good sources; a third host is not."""
from lib import audio
from lib.message import sdp

CDR = [{"status": 200}] * 2


def CONFIG(t):
    return {"peers": {"callee": {"media_acl": [f"{t.addr('callee', 3)}/{128 if t.v6 else 32}"]}}}


def run(t):
    host = audio.elsewhere(t)
    audio.route(t, "callee", host)
    pa, stranger = audio.Phone(t, "caller", 450), audio.Phone(t, "callee", 1550, 4)
    at_signalling, in_acl = audio.Phone(t, "callee", 950, 2, 4012), audio.Phone(t, "callee", 2050, 3, 4014)
    for n, (pb, rank) in enumerate(((at_signalling, "signalling"), (in_acl, "media_acl"))):
        a, b = t.talk(answer=sdp(host))
        pa.aim(a.early.sdp)
        for p in (pb, stranger):
            p.aim(b.invite.sdp)
        audio.flow(0.1, pa, stranger)
        pa.hears_nothing()
        audio.flow(0.1, pb, pa, stranger)
        pa.heard()
        pb.heard()
        audio.flow(0.3, pa, pb, stranger)
        pa.hears(pb.hz)
        pb.hears(450)
        stranger.hears_nothing()
        t.hang_up(a, b)
        m = audio.records(t, n + 1)[n]["media"][0]["from_b"]
        t.equal((m["latch"], m["latched"], m["expected"], m["refused"]),
                (rank, audio.said(t, pb.host, pb.port), audio.said(t, host, 4000), audio.said(t, stranger.host, 4000)),
                "record")
