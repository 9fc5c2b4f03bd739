# SPDX-License-Identifier: Apache-2.0
"""The disk stalls (log and records go to a pipe that nobody reads): no reply waits for it."""
import os
import threading
import time

from lib.scenes import host

CDR = None


def CONFIG(t):
    t.pipes = [os.path.join(t.folder, n) for n in ("log.pipe", "cdr.pipe")]
    for p in t.pipes:
        os.mkfifo(p)
    # held open at both ends, so that the writer opens it and then fills it
    t.ends = [os.open(p, os.O_RDWR) for p in t.pipes]
    return {"log": {"level": "debug", "file": t.pipes[0]}, "cdr": {"file": t.pipes[1]}}


def run(t):
    t.limen.log_lines = lambda: []
    t.limen.cdrs = lambda: []
    slowest = 0
    for _ in range(150):
        a = t.caller(to="nobody")
        began = time.monotonic()
        a.request("OPTIONS", uri="sip:" + host(t, 1, "caller"))
        a.expect("200 OPTIONS")
        slowest = max(slowest, time.monotonic() - began)
    for _ in range(80):
        quick(t)
    t.check(slowest < 0.5, f"a reply took {slowest:.3f} s")
    for e in t.ends:  # now somebody reads
        os.set_blocking(e, False)
    threading.Thread(target=read_all, args=(t.ends,), daemon=True).start()


def quick(t):
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(486, "Busy Here")
    b.expect("ACK")
    began = time.monotonic()
    a.refused(486)
    t.check(time.monotonic() - began < 0.5, "a reply waited")


def read_all(ends):
    while True:
        for e in ends:
            try:
                os.read(e, 65536)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                return
