# SPDX-License-Identifier: Apache-2.0
"""Crankback after early media: the second target's media takes the place of the first's."""
from lib.scenes import two_peers

CONFIG = two_peers
CDR = {"status": 200, "ended_by": "A", "attempts": [("callee", 503), ("second", 200)]}


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    pa, pb = t.phone("caller", mark=1), t.phone("callee", 3, mark=3)
    a = t.caller()
    a.call()
    first = t.callee()
    first.reply(183, "Session Progress", sdp=True)
    a.expect(183)
    first.reply(503, "Service Unavailable")
    first.expect("ACK")
    b = t.callee(second)
    b.ok(sdp=True)
    m = a.answered()
    b.expect("ACK")
    from lib import rtp
    rtp.talk(pa, (m.sdp.address(), m.sdp.port()), pb, (b.invite.sdp.address(), b.invite.sdp.port()))
    t.hang_up(a, b)
