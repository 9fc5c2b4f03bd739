# SPDX-License-Identifier: Apache-2.0
"""A message over the size limit is dropped unread; one within it is carried."""
CONFIG = {"limits": {"message_bytes": 4000}}
CDR = [{"status": 200, "ended_by": "A"}]


def run(t):
    t.b
    a = t.caller()
    a.call(headers=[("Subject", "x" * 5000)])
    a.ep.expect_quiet(0.2)
    t.wait_metric('limen_rejects_total{reason="size"}', 1)
    a, b = t.talk()
    t.hang_up(a, b)
