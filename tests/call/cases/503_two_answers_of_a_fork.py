# SPDX-License-Identifier: Apache-2.0
"""Two 2xx of a fork: the second is ACKed and ended by BYE (RFC 3261 §13.2.2.4)."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    b.reply(200, "OK", tag="fork-two", to=b.invite, sdp=True)
    ack = b.expect("ACK")
    t.equal(ack.tag("To"), "fork-two", "To tag of the second ACK")
    bye = b.expect("BYE")
    t.equal(bye.tag("To"), "fork-two", "To tag of the BYE")
    b.ok()
    t.wait_metric("limen_forks_second_2xx_total", 1)
    t.hang_up(a, b)
