# SPDX-License-Identifier: Apache-2.0
"""A carrier's proxy asks by 407 and the server behind it by 401: one request answers both, each nonce has its own count, later requests carry both at once."""
from lib.digest import Verifier, asked

CONFIG = {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}, "leak": "block"}
CDR = {"status": 200, "cause": "bye", "attempts": [("callee", 200)]}


def run(t):
    t.b
    proxy, server = (Verifier(realm, "4930", "carrier secret", p) for realm, p in (("a.example", True), ("b.example", False)))
    d = t.caller()
    d.call()
    b = t.callee()
    m = asked(t, proxy, b, b.invite)
    m = b.invite = asked(t, server, b, m)
    proxy.right(t, m, nc=2)
    b.ok(sdp=True)
    d.answered()
    b.expect("ACK")
    d.request("INVITE", body=d.sdp(version=2))
    m = b.expect("INVITE")
    proxy.right(t, m, nc=3)
    server.right(t, m, nc=2)
    m = asked(t, server, b, m, stale=True)
    proxy.right(t, m, nc=4)
    b.ok(sdp=b.sdp(version=2))
    d.answered()
    b.expect("ACK")
    t.hang_up(d, b)
