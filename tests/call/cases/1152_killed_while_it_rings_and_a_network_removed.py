# SPDX-License-Identifier: Apache-2.0
"""kill -9 while it rings, and the caller's network is gone when the next process starts: the callee is cancelled all the same."""
from lib import kept

CONFIG = kept.config
CDR = {"status": 503, "ended_by": "limen", "cause": "removed from the configuration", "b.peer": "callee",
       "attempts": [("callee", 0)]}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    kept.written(t)
    kept.kill(t)
    c = t.limen.config
    del c["networks"]["access"], c["peers"]["caller"]
    c["routes"] = []
    t.limen.write_config()
    t.limen.start()
    b.expect("CANCEL")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    t.wait_metric("limen_calls", 0)
