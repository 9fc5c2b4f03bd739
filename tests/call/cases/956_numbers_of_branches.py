# SPDX-License-Identifier: Apache-2.0
"""A branch that is not chosen counts its requests high, the one that answers low: each has numbers of its own."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing", tag="one")
    a.expect(180)
    mine, b.local_tag = b.local_tag, "one"
    b.request("UPDATE", cseq=9000)
    b.expect("200 UPDATE")
    b.local_tag = mine
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    b.request("BYE", cseq=5)
    a.expect("BYE")
    a.ok()
    b.expect("200 BYE")
