# SPDX-License-Identifier: Apache-2.0
"""latch strict: the same source begins another stream (SSRC): heard, no move."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("strict")


def run(t):
    latching.new_ssrc(t, "strict")
