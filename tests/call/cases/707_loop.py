# SPDX-License-Identifier: Apache-2.0
"""An INVITE that comes back to us unchanged is a loop: 482."""
CONFIG = {"routes": [{"match": {"peer": "caller"}, "target": "callee"}, {"match": {"peer": "callee"}, "target": "callee"}]}
CDR = {"status": 482}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    m = b.invite
    via = f"Via: {t.b.via};branch=z9hG4bKproxy1\r\n".encode()
    t.b.send(m.raw.replace(b"Via:", via + b"Via:", 1))  # as a proxy with a bad table would
    back = t.b.expect(482)
    from lib.message import text
    t.b.send(text(f"ACK {m.uri} SIP/2.0", [("Via", f"{t.b.via};branch=z9hG4bKproxy1"), ("From", m["From"]), ("To", back["To"]),
                                           ("Call-ID", m.call_id), ("CSeq", f"{m.cseq} ACK"), ("Max-Forwards", "70")]))
    b.reply(482, "Loop Detected")
    b.expect("ACK")
    a.refused(482)
