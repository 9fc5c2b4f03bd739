# SPDX-License-Identifier: Apache-2.0
"""Redirects and challenges concern the far side alone: 302 becomes 480, 401 and 407 become 403, without their headers."""
CASES = ((302, 480, "Contact", "<sip:x@10.2.0.9>"), (401, 403, "WWW-Authenticate", 'Digest realm="pbx", nonce="1"'),
         (407, 403, "Proxy-Authenticate", 'Digest realm="pbx", nonce="1"'))
CDR = [{"status": s, "ended_by": "B", "attempts": [("callee", c)]} for c, s, _, _ in CASES]


def run(t):
    t.b
    for code, seen, name, value in CASES:
        a = t.caller()
        a.call()
        b = t.callee()
        b.reply(code, "Far", headers=[(name, value)])
        b.expect("ACK")
        t.equal(a.refused(seen).all(name), [], name)
