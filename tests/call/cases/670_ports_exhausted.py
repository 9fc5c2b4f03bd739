# SPDX-License-Identifier: Apache-2.0
"""No port is left: the caller gets 503, nothing leaks, and the next call works once the ports are back."""
from lib import audio

CONFIG = {"networks": {"core": {"media": {"ports": "30000-30001"}}}}
CDR = None


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    t.equal(t.metric("limen_media_ports_used"), 2, "ports used by one call")
    for _ in range(3):
        second = t.caller()
        second.call()
        second.refused(503)
    t.wait_metric("limen_media_ports_used", 2)
    t.wait_metric("limen_media_sessions", 1)
    audio.both(pa, pb)
    t.hang_up(a, b)
    t.wait_metric("limen_media_ports_used", 0)
    audio.flow(0.2)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    t.hang_up(a, b)
    got = [(r["status"], r["cause"]) for r in audio.records(t, 5)]
    t.equal(sorted(got), [(200, "bye")] * 2 + [(503, "no free media port")] * 3, "records")
    t.check(not any(v for r in t.limen.cdrs() for v in r["verdict"].values()), "a verdict")
