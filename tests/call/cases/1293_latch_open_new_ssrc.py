# SPDX-License-Identifier: Apache-2.0
"""latch open: the same source begins another stream (SSRC): heard, no move; a new port is then judged by the new
stream."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("open")


def run(t):
    latching.new_ssrc(t, "open")
