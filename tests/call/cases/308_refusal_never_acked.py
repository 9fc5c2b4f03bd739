# SPDX-License-Identifier: Apache-2.0
"""Our 486 is never ACKed: the transaction ends by Timer H, and nothing is left."""
CDR = {"status": 486, "ended_by": "B", "cause": "rejected"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(486, "Busy Here")
    b.expect("ACK")
    a.expect(486)
