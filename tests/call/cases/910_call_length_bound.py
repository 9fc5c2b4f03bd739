# SPDX-License-Identifier: Apache-2.0
"""A call has a length it cannot pass: BYE to both."""
CONFIG = {"timers": {"call_max": 1000}}
CDR = None


def run(t):
    a, b = t.talk()
    a.expect("BYE", within=3)
    a.ok()
    b.expect("BYE")
    b.ok()
    t.wait_log("call ended.*call length limit")
