# SPDX-License-Identifier: Apache-2.0
"""The echo target cannot make an offer: an INVITE without one is refused by 488."""
CONFIG = {"routes": [{"name": "echo-test", "match": {"ruri": "exact:echo"}, "target": "echo"}]}
CDR = {"status": 488, "ended_by": "limen", "cause": "echo without an offer"}


def run(t):
    a = t.caller(to="echo")
    a.call("")
    a.refused(488)
