# SPDX-License-Identifier: Apache-2.0
"""A refusal is passed with its code and phrase: 404, 408, 480, 486, 487, 503, 600, 603."""
CODES = (404, 408, 480, 486, 487, 503, 600, 603)
CDR = [{"status": c, "ended_by": "B", "cause": "rejected", "attempts": [("callee", c)]} for c in CODES]


def run(t):
    t.b
    for code in CODES:
        a = t.caller()
        a.call()
        b = t.callee()
        b.reply(180, "Ringing")
        a.expect(180)
        b.reply(code, f"Far Phrase {code}", headers=[("Reason", f"Q.850;cause={code % 100}")])
        b.expect("ACK")
        m = a.refused(code)
        t.equal(m.phrase, f"Far Phrase {code}", "phrase")
        t.equal(m["Reason"], f"Q.850;cause={code % 100}", "Reason")
