# SPDX-License-Identifier: Apache-2.0
"""A CANCEL that comes after our 200 (lost on the way): leg B ends at once, leg A by BYE as soon as the ACK comes."""
CDR = {"status": 200, "ended_by": "A", "cause": "cancel"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)  # lost, as far as the caller is concerned
    b.expect("ACK")
    a.cancel()
    a.expect("200 CANCEL")
    b.expect("BYE")
    b.ok()
    a.ep.expect_quiet(0.1)  # RFC 3261 §15: no BYE before the ACK
    a.ack()
    a.expect("BYE")
    a.ok()
