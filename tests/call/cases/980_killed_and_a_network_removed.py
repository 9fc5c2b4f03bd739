# SPDX-License-Identifier: Apache-2.0
"""The callee's network is gone when the next process starts: the caller gets BYE, and the call is recorded."""
from lib import kept

CONFIG = kept.config
CDR = {"status": 200, "ended_by": "limen", "cause": "removed from the configuration", "a.peer": "caller", "verdict": ...}


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    kept.kill(t)
    c = t.limen.config
    c["networks"]["inner"] = c["networks"].pop("core")
    c["peers"]["callee"]["network"] = "inner"
    t.limen.write_config()
    t.limen.start()
    a.expect("BYE")
    a.ok()
    t.wait_metric("limen_calls", 0)
