# SPDX-License-Identifier: Apache-2.0
"""A CDR file moved away behind a call's record, SIGUSR1, kill -9 before the record in the store is deleted: there is one CDR all the same."""
import os
import signal
import time

from lib import kept

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    key, record = kept.ended_after_a_kill(t)
    path = t.limen.config["cdr"]["file"]
    os.rename(path, path + ".1")
    t.limen.signal(signal.SIGUSR1)
    end = time.monotonic() + 6
    while not os.path.exists(path):
        t.check(time.monotonic() < end, "no new file")
        time.sleep(0.02)
    kept.kill(t)
    kept.alter(t, "INSERT INTO calls (key, bytes) VALUES (?, ?)", key, record)
    t.limen.start()
    t.equal(t.metric("limen_calls_restored_total"), 0, "calls restored")
    t.equal(t.metric("limen_calls"), 0, "calls")
    t.equal(os.path.getsize(path), 0, "bytes of the new file")
    os.replace(path + ".1", path)  # where the records of this case are looked for
