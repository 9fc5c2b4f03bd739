# SPDX-License-Identifier: Apache-2.0
"""The best refusal came from the first of two peers: it crosses by that peer's rules, and is looked at for its names."""
CONFIG = lambda t: {
    "peers": {"callee": {"failover": [404, 503]},
              "second": {"network": "core", "targets": [f"udp:{host(t, 3)}:5060"], "identity": "pass"}},
    "routes": [{"name": "out", "match": {"peer": "caller"}, "target": ["callee", "second"]}]}
CDR = [{"status": 404, "ended_by": "B", "attempts": [("callee", 404), ("second", 503)]}]
LEAKS = 1
ERRORS = "leak"

from lib.scenes import host  # noqa: E402


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(404, "No Such Number", headers=[("Reason", f'Q.850;cause=1;text="{b.call_id}"')])
    b.expect("ACK")
    b = t.callee(second)
    b.reply(503, "Service Unavailable")
    b.expect("ACK")
    t.equal(a.refused(404).phrase, "No Such Number", "phrase")
