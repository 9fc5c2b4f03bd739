# SPDX-License-Identifier: Apache-2.0
"""latch restricted: strangers beside the true sender, one of them with its SSRC and sequence: never heard, and
counted."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("restricted")


def run(t):
    latching.injector(t, "restricted")
