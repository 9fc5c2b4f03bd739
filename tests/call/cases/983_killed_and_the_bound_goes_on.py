# SPDX-License-Identifier: Apache-2.0
"""The bound of a call's length counts from its answer, whichever process saw that."""
from lib import audio, kept

CDR = None


def CONFIG(t):
    return kept.config(t, timers={"call_max": 3000})


def run(t):
    a, b = kept.talk(t)
    kept.again(t)
    for x in (a, b):
        x.expect("BYE", within=4)
        x.ok()
    r, = audio.records(t)
    t.equal((r["ended_by"], r["cause"]), ("limen", "call length limit"), "end")
    t.check(2900 < r["talk_ms"] < 3600, f"talk_ms {r['talk_ms']}")
