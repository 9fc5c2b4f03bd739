# SPDX-License-Identifier: Apache-2.0
"""SIPp to SIPp: busy, five times."""
from lib.sippuser import pair

CALLS = 5
CDR = [{"status": 486, "ended_by": "B", "cause": "rejected"}] * CALLS


def run(t):
    pair(t, __file__, CALLS)
