# SPDX-License-Identifier: Apache-2.0
"""latch restricted: the audio goes on from another host: nothing vouches for it: refused, and the verdict says so."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("restricted")


def run(t):
    latching.new_address(t, "restricted")
