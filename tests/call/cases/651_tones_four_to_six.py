# SPDX-License-Identifier: Apache-2.0
"""An IPv4 phone and an IPv6 phone hear each other; RTCP crosses too."""
from lib import audio
from lib.endpoint import Endpoint

VARIANTS = ("v4", "workers")
CONFIG = {"peers": {"callee": {"targets": ["udp:[fd00:2::2]:5060"]}}}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.v6 = False
    b_ep = Endpoint(t, "callee", "fd00:2::2", 5060, ("fd00:2::1", 5060))
    pa, pb = audio.Phone(t, "caller", 450), audio.Phone(t, "callee", 950, address="fd00:2::2")
    a, b = audio.join(t, pa, pb, ep_b=b_ep)
    audio.both(pa, pb)
    sent = pa.report(), pb.report()
    audio.flow(0.1, pa, pb)
    pb.hears_reports([sent[0]])
    pa.hears_reports([sent[1]])
    t.hang_up(a, b)
