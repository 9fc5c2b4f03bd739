# SPDX-License-Identifier: Apache-2.0
"""latch open: the audio goes on from another host: after the window it is a stranger: refused, and the verdict says
so."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("open")


def run(t):
    latching.new_address(t, "open")
