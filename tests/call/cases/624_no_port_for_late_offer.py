# SPDX-License-Identifier: Apache-2.0
"""A late offer when no port is free: the callee is ACKed and ended, the caller told 503."""
CONFIG = {"networks": {"access": {"media": {"ports": "20000-20001"}}}}
CDR = [{"status": 503, "ended_by": "limen"}, {"status": 200, "ended_by": "A"}]


def run(t):
    a, b = t.talk()
    over = t.caller()
    over.call("")
    c = t.callee()
    c.ok(sdp=True)
    c.expect("ACK")
    c.expect("BYE")
    c.ok()
    over.refused(503)
    t.hang_up(a, b)
