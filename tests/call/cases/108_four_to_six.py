# SPDX-License-Identifier: Apache-2.0
"""An IPv4 caller and an IPv6 callee: signalling and media."""
VARIANTS = ("v4", "workers")
CONFIG = {"peers": {"callee": {"targets": ["udp:[fd00:2::2]:5060"]}}}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.v6 = False
    from lib import rtp
    from lib.endpoint import Endpoint
    b_ep = Endpoint(t, "callee", "fd00:2::2", 5060, ("fd00:2::1", 5060))
    pa = rtp.Rtp(t, "caller", "10.1.0.2", 4000, 1)
    pb = rtp.Rtp(t, "callee", "fd00:2::2", 4000, 2)
    a, b = t.talk(ep_b=b_ep)
    to_a, to_b = a.early.sdp, b.invite.sdp
    t.equal((to_a.address(), to_b.address()), ("10.1.0.1", "fd00:2::1"), "media addresses")
    rtp.talk(pa, ("10.1.0.1", to_a.port()), pb, ("fd00:2::1", to_b.port()))
    t.hang_up(a, b)
