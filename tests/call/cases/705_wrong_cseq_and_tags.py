# SPDX-License-Identifier: Apache-2.0
"""Within a dialog: a CSeq too low is answered 500, wrong tags 481; an ACK for nothing is dropped."""
CDR = {"status": 200, "ended_by": "A"}


def run(t):
    a, b = t.talk()
    a.request("INFO", "x", ctype="text/plain", cseq=5)
    a.expect("500 INFO")
    for who in ("remote_tag", "local_tag"):
        good = getattr(a, who)
        setattr(a, who, "wrong")
        a.bye()
        a.expect("481 BYE")
        setattr(a, who, good)
    good, a.call_id = a.call_id, "another"
    a.request("INVITE", a.sdp())
    a.refused(481)
    a.ack()
    a.call_id = good
    b.ep.expect_quiet(0.1)
    t.check(t.metric('limen_rejects_total{reason="stray_ack"}') >= 1, "the stray ACK is not counted")
    t.hang_up(a, b)
