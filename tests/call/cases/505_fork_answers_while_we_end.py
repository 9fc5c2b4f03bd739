# SPDX-License-Identifier: Apache-2.0
"""While our BYE waits for its answer: the 2xx once more is ACKed again; one of another branch is ACKed and ended."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    answer, ack = b.replied, b.acked_by
    a.bye()
    a.expect("200 BYE")
    bye = b.expect("BYE")
    b.ep.send(answer)
    b.ep.expect_repeat(ack)
    b.reply(200, "OK", tag="fork-two", to=b.invite, sdp=True)
    b.expect("ACK")
    t.equal(b.expect("BYE").tag("To"), "fork-two", "To tag of the BYE")
    b.ok()
    b.ok(to=bye)
