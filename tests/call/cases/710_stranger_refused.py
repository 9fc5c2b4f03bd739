# SPDX-License-Identifier: Apache-2.0
"""A source that is no peer, on a network that says so: 403, and counted; beyond the rate: dropped."""
CONFIG = {"networks": {"access": {"unknown": "reject", "source_rate": 3}}}
CDR = []


def run(t):
    stranger = t.endpoint("caller", 4, name="caller-x")
    for _ in range(3):
        a = t.caller(stranger)
        a.call()
        a.expect(403)
    for _ in range(10):
        t.caller(stranger).call()
    t.wait_metric("limen_calls", 0)
    for m in stranger.leftovers():
        t.equal(m.status, 403, "status")
    stranger.inbox.clear()
    m = t.limen.metrics()
    t.check(m['limen_rejects_total{reason="rate"}'] >= 5, f"over the rate: {m['limen_rejects_total{reason=%s}' % chr(34) + 'rate' + chr(34) + '}'] if 0 else m}")
    t.check(m['limen_rejects_total{reason="unknown_source"}'] >= 3, "unknown_source is not counted")
