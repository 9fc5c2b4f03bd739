# SPDX-License-Identifier: Apache-2.0
"""More calls than a target may be given: 480."""
CONFIG = {"peers": {"callee": {"limits": {"calls_out": 1}}}}
CDR = [{"status": 480, "ended_by": "limen", "attempts": [("callee", 0)], "causes": ["target_calls"]},
       {"status": 200, "ended_by": "A"}]


def run(t):
    a, b = t.talk()
    over = t.caller()
    over.call()
    over.refused(480)
    t.hang_up(a, b)
