# SPDX-License-Identifier: Apache-2.0
"""The second target is of the other family: its ports are made anew, and audio flows."""
from lib import rtp
from lib.endpoint import Endpoint
from lib.netns import address

CONFIG = {"peers": {"callee": {"targets": ["udp:10.2.0.2:5060", "udp:[fd00:2::3]:5060"]}}}
CDR = {"status": 200, "ended_by": "A", "attempts": [("callee", 503), ("callee", 200)]}


def run(t):
    one = Endpoint(t, "callee", "10.2.0.2", 5060, ("10.2.0.1", 5060), "first")
    two = Endpoint(t, "callee", "fd00:2::3", 5060, ("fd00:2::1", 5060), "second")
    pa, pb = t.phone("caller", mark=1), rtp.Rtp(t, "callee", address(2, 3, True), 4000, 2)
    a = t.caller()
    a.call()
    first = t.callee(one)
    t.equal(first.invite.sdp.address(), "10.2.0.1", "media address")
    first.reply(503, "Service Unavailable")
    first.expect("ACK")
    b = t.callee(two)
    t.equal(b.invite.sdp.address(), "fd00:2::1", "media address")
    b.ok(sdp=True)
    m = a.answered()
    b.expect("ACK")
    rtp.talk(pa, (m.sdp.address(), m.sdp.port()), pb, ("fd00:2::1", b.invite.sdp.port()))
    t.hang_up(a, b)
