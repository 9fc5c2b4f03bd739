# SPDX-License-Identifier: Apache-2.0
"""SIPp to SIPp: five calls; the callee hangs up."""
from lib.sippuser import pair

CALLS = 5
CDR = [{"status": 200, "ended_by": "B", "cause": "bye"}] * CALLS


def run(t):
    pair(t, __file__, CALLS)
