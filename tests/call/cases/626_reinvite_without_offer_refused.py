# SPDX-License-Identifier: Apache-2.0
"""A re-INVITE without an offer is refused by the callee: nothing has changed."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE")
    b.expect("INVITE")
    b.reply(488, "Not Now")
    b.expect("ACK")
    a.refused(488)
    t.hang_up(b, a)
