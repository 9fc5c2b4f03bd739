# SPDX-License-Identifier: Apache-2.0
"""A phone over TCP and a new process: 480 until it returns, then it is at the core who it was, and is called."""
from lib import kept, phones
from lib.registration import config

CDR = [{"route": "registration", "status": 200, "b.transport": "tcp"}]
OUTBOUND = {"instance": "00000000-0000-1000-8000-000A95A0E128", "reg_id": 1}


def CONFIG(t):
    return {**config(t), **kept.config(t)}


def run(t):
    phone, registrar = phones.registered(t, t.a_tcp, **OUTBOUND)
    kept.again_registered(t, 1, live=0)
    for s in list(t.a_tcp.conns):
        t.a_tcp.drop(s)
    phones.refused(t, phone.alias, 480)
    t.equal(phones.register(phone, registrar), phone.alias, "alias of the phone that came back")
    t.equal(t.metric("limen_registrations_live"), 1, "phones that can be reached")
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    pbx, callee = phones.talk(t, phone)
    t.hang_up(pbx, callee)
    phone.unregister(registrar)
