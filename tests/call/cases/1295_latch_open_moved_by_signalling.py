# SPDX-License-Identifier: Apache-2.0
"""latch open: a re-INVITE moves the audio while the old source still speaks: the new one is heard as soon as it comes,
though neither is vouched for."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("open")


def run(t):
    latching.moved_by_signalling(t, "open")
