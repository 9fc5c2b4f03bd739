# SPDX-License-Identifier: Apache-2.0
"""SIGHUP with a faulty file: the faults are said, the old configuration stays."""
import signal

ERRORS = "reload"
CDR = [{"status": 200, "ended_by": "A"}]


def run(t):
    t.limen.write_config('{ "networks": { "access": { "listen": "udp:10.1.0.300" } }, "nonsense": 1 }')
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload refused")
    t.wait_log("nonsense")
    a, b = t.talk()
    t.hang_up(a, b)
