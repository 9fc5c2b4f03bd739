# SPDX-License-Identifier: Apache-2.0
"""A phone over TCP: its connection breaks, and it is told nobody's; it returns, and is called, also in the middle of calls."""
from lib import phones
from lib.registration import config

CONFIG = config
CDR = [{"route": "registration", "status": 200, "ended_by": "A", "b.transport": "tcp"} for _ in range(3)]
OUTBOUND = {"instance": "00000000-0000-1000-8000-000A95A0E128", "reg_id": 1}


def break_all(t):
    for s in list(t.a_tcp.conns):
        t.a_tcp.drop(s)
    t.wait_metric("limen_sip_connections", 0)


def run(t):
    phone, registrar = phones.registered(t, t.a_tcp, **OUTBOUND)
    break_all(t)
    t.wait_metric("limen_registrations_live", 0)
    phones.refused(t, phone.alias, 480)
    t.equal(phones.register(phone, registrar), phone.alias, "alias of the phone that came back")
    pbx, callee = phones.talk(t, phone)
    t.hang_up(pbx, callee)
    # in mid-call the phone registers anew: the BYE goes there
    pbx, callee = phones.talk(t, phone)
    break_all(t)
    phones.register(phone, registrar)
    t.hang_up(pbx, callee)
    t.equal(t.metric("limen_flows_moved_total"), 1, "flows moved")
    # in mid-call it speaks from a new connection, and has not registered yet
    pbx, callee = phones.talk(t, phone)
    break_all(t)
    callee.request("INFO", ctype="application/dtmf-relay", body="Signal=1\r\n")
    pbx.expect("INFO")
    pbx.ok()
    callee.expect("200 INFO")
    t.hang_up(pbx, callee)
    t.equal(t.metric("limen_flows_moved_total"), 2, "flows moved")
    phones.register(phone, registrar)
    phone.unregister(registrar)
