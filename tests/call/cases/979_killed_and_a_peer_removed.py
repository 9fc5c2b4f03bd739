# SPDX-License-Identifier: Apache-2.0
"""The callee is no longer configured when the next process starts: the call is ended by BYE on both sides, and recorded."""
from lib import kept

CONFIG = kept.config
CDR = {"status": 200, "ended_by": "limen", "cause": "removed from the configuration", "a.peer": "caller", "b.peer": "callee",
       "route": "out", "attempts": [("callee", 200)], "verdict": ...}


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    kept.kill(t)
    c = t.limen.config
    c["peers"]["another"] = {**c["peers"].pop("callee"), "sources": [t.addr("callee", 9)]}
    c["routes"] = [{"name": "out", "match": {"peer": "caller"}, "target": "another"}]
    t.limen.write_config()
    t.limen.start()
    for x in (a, b):
        x.expect("BYE")
        x.ok()
    t.wait_metric("limen_calls", 0)
