# SPDX-License-Identifier: Apache-2.0
"""SIGTERM drains: new calls get 503, the old one goes on, and the process ends with the last."""
import signal

EXIT = None
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    t.limen.signal(signal.SIGTERM)
    t.wait_log("draining")
    t.equal(t.limen.get("/readyz")[0], 503, "/readyz")
    late = t.caller()
    late.call()
    late.refused(503)
    a.request("INFO", "x", ctype="text/plain")
    b.expect("INFO")
    b.ok()
    a.expect("200 INFO")
    t.hang_up(a, b)
    t.equal(t.limen.process.wait(8), 0, "exit code")
