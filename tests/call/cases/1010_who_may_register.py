# SPDX-License-Identifier: Apache-2.0
"""A peer's REGISTER is relayed only where a route names the method; without a route for phones it is 405."""
from lib.registration import Phone, Registrar

CDR = []


def CONFIG(t):
    return {"routes": [{"name": "registrations", "match": {"peer": "callee", "method": "REGISTER"}, "target": "caller"},
                       {"name": "out", "match": {"peer": "caller"}, "target": "callee"}]}


def run(t):
    t.b
    peer = Phone(t.a)
    peer.send()
    t.check("REGISTER" in peer.answered(405)["Allow"], "Allow")
    registrar, named = Registrar(t.a), Phone(t.b)
    named.send()
    registrar.take()
    named.answered()
    named.unregister(registrar)
