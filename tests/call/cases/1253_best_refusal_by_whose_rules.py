# SPDX-License-Identifier: Apache-2.0
"""A challenge is the best refusal of two peers: it crosses if the peer that sent it relays them, whoever was asked last."""
from lib.digest import Verifier

from lib.scenes import host


def CONFIG(t):
    return {"peers": {"caller": {"auth": "relay"}, "callee": {"auth": "relay", "failover": [407, 503]},
                      "second": {"network": "core", "targets": [f"udp:{host(t, 3)}:5060"], "failover": [407, 503]}},
            "routes": [{"name": "first", "match": {"peer": "caller", "to": "bob"}, "target": ["callee", "second"]},
                       {"name": "then", "match": {"peer": "caller"}, "target": ["second", "callee"]}]}


# the challenged one is no call: its next INVITE is
CDR = [{"status": 403, "ended_by": "B", "attempts": [("second", 407), ("callee", 503)]}]


def asked(t, a, first, second, core):
    a.call()
    b = t.callee(first)
    b.reply(407, "Proxy Authentication Required", headers=[core.challenge()])
    b.expect("ACK")
    b = t.callee(second)
    b.reply(503, "Service Unavailable")
    b.expect("ACK")


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    core = Verifier()
    a = t.caller()
    asked(t, a, t.b, second, core)
    t.check(core.nonce in a.refused(407)["Proxy-Authenticate"], "challenge of the first")
    a = t.caller(to="carol")
    asked(t, a, second, t.b, core)
    t.check(not a.refused(403).all("Proxy-Authenticate"), "no challenge of the other")
