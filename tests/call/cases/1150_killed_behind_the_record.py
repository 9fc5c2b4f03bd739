# SPDX-License-Identifier: Apache-2.0
"""kill -9 behind a call's CDR, before its record in the store is deleted: the next process deletes it, and there is one CDR."""
from lib import kept

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    key, record = kept.ended_after_a_kill(t)
    kept.kill(t)
    t.equal(kept.records(t), {}, "records behind the end")
    kept.alter(t, "INSERT INTO calls (key, bytes) VALUES (?, ?)", key, record)
    t.limen.start()
    t.equal(t.metric("limen_calls_restored_total"), 0, "calls restored")
    t.equal(t.metric("limen_calls"), 0, "calls")
    t.wait_metric("limen_store_queued", 0)
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t), {}, "records")
    t.limen.start()
