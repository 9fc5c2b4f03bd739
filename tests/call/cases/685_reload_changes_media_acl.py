# SPDX-License-Identifier: Apache-2.0
"""A peer's media ACL changes while a call is up: the source that it vouched for is out at once, another is let in, also after
a re-INVITE, which does not bring the list back that the call began with."""
import signal

from lib import audio
from lib.message import sdp

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def acl(t, host):
    return {"media_acl": [f"{t.addr('callee', host)}/{128 if t.v6 else 32}"]}


def CONFIG(t):
    return {"peers": {"callee": acl(t, 3)}}


def reload(t, host, times):
    t.limen.config["peers"]["callee"].update(acl(t, host))
    t.limen.write_config()
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload done", times=times)


def talk(t, pa, right, wrong):
    audio.flow(0.2, pa, right, wrong)
    for p in (pa, right, wrong):
        p.heard()
    audio.flow(0.3, pa, right, wrong)
    pa.hears(right.hz)
    right.hears(450)
    wrong.hears_nothing()


def run(t):
    host = audio.elsewhere(t)
    audio.route(t, "callee", host)
    pa = audio.Phone(t, "caller", 450)
    old, new = audio.Phone(t, "callee", 950, 3, 4012), audio.Phone(t, "callee", 2050, 4, 4014)
    a, b = t.talk(answer=sdp(host))
    pa.aim(a.early.sdp)
    for p in (old, new):
        p.aim(b.invite.sdp)
    talk(t, pa, old, new)
    reload(t, 4, 1)
    talk(t, pa, new, old)
    reload(t, 3, 2)
    talk(t, pa, old, new)
    reload(t, 4, 3)
    a.request("INVITE", a.sdp(version=2))
    b.expect("INVITE")
    b.ok(sdp=b.sdp())
    a.answered()
    b.expect("ACK")
    talk(t, pa, new, old)
    t.hang_up(a, b)
    m = audio.records(t)[0]["media"][0]["from_b"]
    t.equal((m["latch"], m["latched"], m["refused"]),
            ("media_acl", audio.said(t, new.host, 4014), audio.said(t, old.host, 4012)), "record")
