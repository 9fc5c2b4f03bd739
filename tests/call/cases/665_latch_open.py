# SPDX-License-Identifier: Apache-2.0
"""latch open: a phone behind NAT, private address in its description, packets from elsewhere: the first source is taken,
and only in the first moments: after the window a stranger is one."""
import time

from lib import audio
from lib.message import sdp

CONFIG = {"networks": {"access": {"nat": True}}, "media": {"latch_window_ms": 400}}
CDR = None


def run(t):
    host = audio.elsewhere(t)
    audio.route(t, "caller", host)
    nat, pb, stranger = audio.Phone(t, "caller", 450, 3, 40000), audio.Phone(t, "callee", 950), audio.Phone(t, "caller", 1550, 4)
    a, b = t.talk(offer=sdp(host))
    nat.aim(a.early.sdp)
    pb.aim(b.invite.sdp)
    audio.both(nat, pb)
    audio.flow(0.3, nat, pb, stranger.aim(a.early.sdp))
    pb.hears(450)
    nat.hears(950)
    stranger.hears_nothing()
    t.hang_up(a, b)
    r = audio.records(t)[0]
    m = r["media"][0]["from_a"]
    t.equal((m["latch"], m["latched"], m["expected"], r["verdict"]),
            ("any", audio.said(t, nat.host, 40000), audio.said(t, host, 4000), {"from_a": None, "from_b": None}), "record")

    a, b = t.talk(offer=sdp(host))
    time.sleep(0.7)
    audio.flow(0.8, stranger.aim(a.early.sdp), pb.aim(b.invite.sdp))
    pb.hears_nothing()
    t.hang_up(a, b)
    r = audio.records(t, 2)[1]
    n = r["media"][0]["from_a"]["drops"]["source"]
    t.equal(r["verdict"]["from_a"], f"no packet from A in {r['talk_ms'] // 1000} s; its SDP said {audio.said(t, host, 4000)}, a "
            f"private address; latched nothing; {n} packets from other sources were refused, the last from "
            f"{audio.said(t, stranger.host, 4000)}", "verdict of the second call")
