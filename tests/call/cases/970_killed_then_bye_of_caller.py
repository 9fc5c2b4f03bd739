# SPDX-License-Identifier: Apache-2.0
"""kill -9 in a call with audio, and a new process on the store: the tones go on, the caller hangs up, one record.

The record covers both processes: when it began, what was tried, what came before."""
from lib import audio, kept

CONFIG = kept.config
CDR = kept.CDR


def run(t):
    a, b, pa, pb = kept.call_with_audio(t)
    kept.again(t)
    audio.both(pa, pb, 1.0)
    t.hang_up(a, b)
    r = audio.verdicts(t)
    t.check(r["talk_ms"] > 2000, f"talk_ms {r['talk_ms']} is of both processes")
    for way, p in (("from_a", pa), ("from_b", pb)):
        m = r["media"][0][way]
        t.equal(m["latched"], audio.said(t, p.host, 4000), f"latched {way}")
        t.check(m["packets"] >= 60, f"packets {way} are of both processes: {m['packets']}")
