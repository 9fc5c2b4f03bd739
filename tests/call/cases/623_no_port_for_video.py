# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE that adds video when no port is free: refused by 503, the call goes on as it was."""
from lib.message import audio, video

CONFIG = {"networks": {"access": {"media": {"ports": "20000-20001"}}}}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    from lib import rtp
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(), video(), version=2))
    a.refused(503)
    b.ep.expect_quiet(0.1)
    rtp.talk(pa, (a.early.sdp.address(), a.early.sdp.port()), pb, (b.invite.sdp.address(), b.invite.sdp.port()))
    t.hang_up(a, b)
