# SPDX-License-Identifier: Apache-2.0
"""No packet from A, whose address is a public one."""
from lib import audio
from lib.message import sdp

CDR = None


def run(t):
    host = audio.elsewhere(t, public=True)
    audio.route(t, "caller", host)
    pb = audio.Phone(t, "callee", 950)
    a, b = t.talk(offer=sdp(host))
    audio.flow(1.4, pb.aim(b.invite.sdp))
    t.hang_up(b, a)
    audio.verdicts(t, from_a=f"no packet from A in {{talk}} s; its SDP said {audio.said(t, host, 4000)}; latched nothing")
