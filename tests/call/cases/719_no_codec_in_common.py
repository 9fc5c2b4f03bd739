# SPDX-License-Identifier: Apache-2.0
"""No codec in common after both peers' policies: 488."""
CONFIG = {"peers": {"callee": {"codecs": ["G722"]}}}
CDR = {"status": 488, "ended_by": "limen", "cause": "no codec in common"}


def run(t):
    a = t.caller()
    a.call()
    a.refused(488)
