# SPDX-License-Identifier: Apache-2.0
"""An IPv6 phone and an IPv4 phone hear each other."""
from lib import audio
from lib.endpoint import Endpoint

VARIANTS = ("v6", "workers")
CONFIG = {"peers": {"callee": {"targets": ["udp:10.2.0.2:5060"]}}}
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    t.v6 = True
    b_ep = Endpoint(t, "callee", "10.2.0.2", 5060, ("10.2.0.1", 5060))
    pa, pb = audio.Phone(t, "caller", 450), audio.Phone(t, "callee", 950, address="10.2.0.2")
    a, b = audio.join(t, pa, pb, ep_b=b_ep)
    audio.both(pa, pb)
    t.hang_up(b, a)
