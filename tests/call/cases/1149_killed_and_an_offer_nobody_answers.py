# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a re-INVITE without an offer is at the far side, which then offers: ACK, and as nobody can answer, BYE to both."""
from lib import kept

CONFIG = kept.config
CDR = {**kept.SILENT, "ended_by": "limen", "cause": "offer came too late"}


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    a.request("INVITE")
    lost = b.expect("INVITE")
    kept.again(t)
    a.refused(504)
    b.ok(to=lost, sdp=b.sdp(version=2))
    b.expect("ACK")
    for x in (a, b):
        x.expect("BYE")
        x.ok()
