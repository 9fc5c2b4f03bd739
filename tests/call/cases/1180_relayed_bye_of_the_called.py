# SPDX-License-Identifier: Apache-2.0
"""auth: relay: a phone that was called hangs up, and the core that called it challenges the BYE: it crosses, and the phone hangs up with credentials."""
from lib import phones
from lib.digest import Login, Verifier, relaying, within


def CONFIG(t):
    c = relaying(t)
    c["registrations"] = {"expires_min": 0}
    return c


CDR = {"status": 200, "cause": "bye", "ended_by": "B"}


def run(t):
    t.a
    phone, registrar = phones.registered(t)
    core, login = Verifier(proxy=False), Login("alice", "open sesame")
    pbx, d = phones.talk(t, phone)
    m = within(t, core, login, d, pbx, "BYE")
    t.equal(m.uri, f"sip:callee@{t.b.here}", "Request-URI")
    pbx.ok()
    d.expect("200 BYE")
    phone.unregister(registrar)
