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
    # whoever forged this source would otherwise make us repeat the 403 to somebody else (timer G)
    before = len(stranger.repeats)
    stranger.expect_quiet(0.3)
    t.equal(len(stranger.repeats), before, "403s that were repeated without the INVITE")
    t.equal(t.metric('limen_transactions'), 0, "transactions that a stranger has made")
    for _ in range(10):
        t.caller(stranger).call()
    for m in stranger.gather(0.3):
        t.check(m.status in (100, 403), f"answered {m.start}")
    m = t.limen.metrics()
    t.check(m['limen_rejects_total{reason="rate"}'] >= 5, "those over the rate are not counted")
    t.check(m['limen_rejects_total{reason="unknown_source"}'] >= 3, "those refused are not counted")
