# SPDX-License-Identifier: Apache-2.0
"""SIPp to SIPp: five calls with 100, 180, 200; the caller hangs up."""
from lib.sippuser import pair

CALLS = 5
CDR = [{"status": 200, "ended_by": "A", "cause": "bye", "attempts": [("callee", 200)]}] * CALLS


def run(t):
    pair(t, __file__, CALLS)
