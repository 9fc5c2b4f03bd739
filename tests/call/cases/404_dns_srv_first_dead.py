# SPDX-License-Identifier: Apache-2.0
"""A name with SRV: two hosts by priority, the first dead; then the second answers."""
from lib import dns
from lib.scenes import host

CONFIG = lambda t: {"peers": {"callee": {"targets": ["sip.callee.example"], "try_ms": 300,
                                         "sources": [t.addr("callee", 2), t.addr("callee", 3)]}}}
CDR = {"status": 200, "ended_by": "A", "attempts": [("callee", 0), ("callee", 200)]}


def prepare(t):
    kind = "AAAA" if t.v6 else "A"
    t.dns = dns.Dns(t, {("_sip._udp.sip.callee.example", "SRV"): [(10, 0, 5060, "one.callee.example"),
                                                                  (20, 0, 5070, "two.callee.example")],
                        ("one.callee.example", kind): [t.addr("callee", 2)],
                        ("two.callee.example", kind): [t.addr("callee", 3)]})


def run(t):
    first, second = t.b, t.endpoint("callee", 3, 5070, name="second")
    a = t.caller()
    a.call()
    first.expect("INVITE")
    b = t.callee(second)
    t.check("sip.callee.example" in b.invite.uri, f"Request-URI {b.invite.uri}")
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
