# SPDX-License-Identifier: Apache-2.0
"""A call over TCP on both legs, replies on the connection of the request."""
from lib.scenes import targets

CONFIG = lambda t: targets(t, "tcp:2")
CDR = {"status": 200, "ended_by": "A", "a.transport": "tcp", "b.transport": "tcp"}


def run(t):
    t.b_tcp
    a, b = t.talk(ep_a=t.a_tcp, ep_b=t.b_tcp)
    t.check(b.invite["Via"].startswith("SIP/2.0/TCP"), f"Via: {b.invite['Via']}")
    t.hang_up(a, b)
