# SPDX-License-Identifier: Apache-2.0
"""latch strict: a re-INVITE moves the audio while the old source still speaks: followed; the old one is refused from
then on."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("strict")


def run(t):
    latching.moved_by_signalling(t, "strict")
