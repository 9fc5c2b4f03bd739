# SPDX-License-Identifier: Apache-2.0
"""No media port is free: 503; after the first call has ended and its ports have rested there is one again."""
import time

CONFIG = {"networks": {"access": {"media": {"ports": "20000-20001"}}}}
CDR = [{"status": 503, "ended_by": "limen"}, {"status": 200, "ended_by": "A"}, {"status": 200, "ended_by": "A"}]


def run(t):
    a, b = t.talk()
    over = t.caller()
    over.call()
    over.refused(503)
    t.hang_up(a, b)
    time.sleep(0.3)
    a, b = t.talk()
    t.hang_up(a, b)
