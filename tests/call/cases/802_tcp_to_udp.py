# SPDX-License-Identifier: Apache-2.0
"""A call from TCP to UDP, ended by the callee."""
CDR = {"status": 200, "ended_by": "B", "a.transport": "tcp", "b.transport": "udp"}


def run(t):
    a, b = t.talk(ep_a=t.a_tcp)
    t.hang_up(b, a)
