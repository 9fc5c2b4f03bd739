# SPDX-License-Identifier: Apache-2.0
"""Over TCP the connections die with the process; the next one opens them to where each side said it is."""
from lib import kept
from lib.scenes import targets

CDR = {**kept.SILENT, "ended_by": "B"}


def CONFIG(t):
    return kept.config(t, **targets(t, "tcp:2"))


def run(t):
    t.b_tcp
    a, b = kept.talk(t, ep_a=t.a_tcp, ep_b=t.b_tcp)
    kept.again(t)
    t.a_tcp.pump(0)
    t.b_tcp.pump(0)
    kept.reinvite(t, a, b)
    t.hang_up(b, a)
