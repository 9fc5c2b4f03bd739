# SPDX-License-Identifier: Apache-2.0
"""More calls per second than a peer may make: some of a burst are refused by 503 and counted, the others go on."""
from lib.dialog import Callee

CONFIG = {"peers": {"caller": {"limits": {"cps": 2}}}}
CDR = None


def run(t):
    t.b
    calls = [t.caller() for _ in range(6)]
    for x in calls:
        x.call()
    for m in t.b.gather(0.4, "INVITE"):
        c = Callee(t.b, m)
        c.reply(486, "Busy Here")
        c.expect("ACK")
    seen = [x.refused((486, 503)).status for x in calls]
    t.check(seen.count(503) >= 2 and seen.count(486) >= 1, f"answers: {seen}")
    t.wait_metric('limen_rejects_total{reason="peer_cps"}', seen.count(503))
