# SPDX-License-Identifier: Apache-2.0
"""latch strict: the audio goes on from another host: refused, and the verdict says so."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("strict")


def run(t):
    latching.new_address(t, "strict")
