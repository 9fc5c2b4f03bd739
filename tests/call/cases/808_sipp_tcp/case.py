# SPDX-License-Identifier: Apache-2.0
"""SIPp to SIPp over TCP on both legs: five calls on one connection a side."""
import os

from lib.scenes import targets
from lib.sippuser import pair

CALLS = 5
CONFIG = lambda t: targets(t, "tcp:2")
CDR = [{"status": 200, "ended_by": "A", "cause": "bye", "a.transport": "tcp", "b.transport": "tcp"}] * CALLS


def run(t):
    pair(t, os.path.join(os.path.dirname(os.path.dirname(__file__)), "101_sipp_caller_hangs_up", "case.py"), CALLS, "TCP")
