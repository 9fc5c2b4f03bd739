# SPDX-License-Identifier: Apache-2.0
"""latch open: the phone's NAT gives it another port: followed on the evidence of the stream that goes on."""
from lib import latching

CDR = {"status": 200, "ended_by": "A", "verdict": ...}
CONFIG = latching.config("open")


def run(t):
    latching.new_port(t, "open")
