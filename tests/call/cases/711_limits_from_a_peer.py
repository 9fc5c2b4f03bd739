# SPDX-License-Identifier: Apache-2.0
"""More calls or calls per second than a peer may make: 503 with Retry-After; its place is free again after the call."""
CONFIG = {"peers": {"caller": {"limits": {"calls": 1}}}}
CDR = [{"status": 200, "ended_by": "A"}, {"status": 200, "ended_by": "A"}]


def run(t):
    a, b = t.talk()
    over = t.caller()
    over.call()
    m = over.refused(503)
    t.check(m["Retry-After"].isdigit(), "no Retry-After")
    t.wait_metric('limen_rejects_total{reason="peer_calls"}', 1)
    t.hang_up(a, b)
    a, b = t.talk()
    t.hang_up(a, b)
