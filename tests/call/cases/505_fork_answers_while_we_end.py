# SPDX-License-Identifier: Apache-2.0
"""A further 2xx while our BYE waits for its answer: ACKed and ended as well."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.bye()
    a.expect("200 BYE")
    bye = b.expect("BYE")
    b.reply(200, "OK", tag="fork-two", to=b.invite, sdp=True)
    b.expect("ACK")
    t.equal(b.expect("BYE").tag("To"), "fork-two", "To tag of the BYE")
    b.ok()
    b.ok(to=bye)
