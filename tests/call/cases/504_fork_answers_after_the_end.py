# SPDX-License-Identifier: Apache-2.0
"""A further 2xx after the call has ended: leg B stays 64*T1 for it, ACKs and ends it."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    t.hang_up(a, b)
    b.reply(200, "OK", tag="fork-two", to=b.invite, sdp=True)
    b.expect("ACK")
    t.equal(b.expect("BYE").tag("To"), "fork-two", "To tag of the BYE")
    b.ok()
