# SPDX-License-Identifier: Apache-2.0
"""A record that is cut is counted, logged and gone; one of another key is left alone; a good one beside it goes on."""
from lib import kept

CONFIG = kept.config
CDR = kept.SILENT
ERRORS = "call not restored"


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    kept.kill(t)
    good = kept.records(t)
    t.equal(len(good), 1, "records")
    (key, record), = good.items()
    other = bytes(reversed(key))
    kept.alter(t, "UPDATE calls SET bytes = ? WHERE key = ?", record[:-20], key)
    t.limen.start()
    t.equal(t.metric("limen_calls_not_restored_total"), 1, "records that were not read")
    t.equal(t.metric("limen_calls"), 0, "calls")
    t.wait_log("call not restored.*its record is damaged")
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t), {}, "records")
    kept.alter(t, "INSERT INTO calls VALUES (?, ?)", key, record)
    kept.alter(t, "INSERT INTO calls VALUES (?, ?)", other, record)  # under no key of ours: left alone
    t.limen.start()
    t.wait_log("calls of another cluster_key are left in the store.*calls=1")
    t.hang_up(a, b)
    t.wait_metric("limen_calls", 0)
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t), {other: record}, "records")
    t.limen.start()
