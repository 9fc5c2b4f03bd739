# SPDX-License-Identifier: Apache-2.0
"""No packet from B, whose description names a private address: the verdict says so."""
import time

from lib import audio
from lib.message import sdp

CDR = None


def run(t):
    host = audio.elsewhere(t)
    audio.route(t, "callee", host)
    pa = audio.Phone(t, "caller", 450)
    a, b = t.talk(answer=sdp(host))
    pa.aim(a.early.sdp)
    audio.flow(1.4, pa)
    t.hang_up(a, b)
    r = audio.verdicts(t, from_b=f"no packet from B in {{talk}} s; its SDP said {audio.said(t, host, 4000)}, "
                                 "a private address; latched nothing")
    t.equal(r["media"][0]["from_a"]["relayed"], r["media"][0]["from_a"]["packets"], "relayed from A")
    t.wait_log("media verdict.*no packet from B")
