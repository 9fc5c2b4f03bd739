# SPDX-License-Identifier: Apache-2.0
"""The only target is silent: 408 after Timer B."""
CDR = {"status": 408, "ended_by": "limen", "attempts": [("callee", 0)], "causes": ["timeout"]}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ep.expect_repeat(b.invite)
    a.refused(408, within=6)
