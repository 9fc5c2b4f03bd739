# SPDX-License-Identifier: Apache-2.0
"""Six calls of three workers go on in a process of two, and then of five: each message finds its call."""
from lib import kept

CONFIG = kept.config
CDR = [kept.SILENT] * 6
VARIANTS = ("workers",)


def run(t):
    calls = [kept.talk(t) for _ in range(6)]
    kept.again(t, calls=6, workers=2)
    for a, b in calls:
        kept.reinvite(t, a, b)
    kept.again(t, calls=6, workers=5)
    for n, (a, b) in enumerate(calls):
        kept.reinvite(t, *((b, a) if n % 2 else (a, b)), way="sendrecv", back="sendrecv", version=3)
        t.hang_up(a, b)
