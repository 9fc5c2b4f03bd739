# SPDX-License-Identifier: Apache-2.0
"""latch strict: the phone's NAT gives it another port: not followed: the description's port alone is heard, and the
verdict says what was refused."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("strict")


def run(t):
    latching.new_port(t, "strict")
