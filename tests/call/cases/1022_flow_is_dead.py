# SPDX-License-Identifier: Apache-2.0
"""A phone that is gone: the caller hears so at once, by ICMP or after the try time; once it registers, it is called again."""
from lib import phones
from lib.registration import config


def CONFIG(t):
    c = config(t)
    c["peers"]["callee"] = {"try_ms": 300}
    return c


ATTEMPT = {"route": "registration", "b.peer": None, "b.network": "access"}
CDR = [{**ATTEMPT, "status": 480, "attempts": [("registration", 0)], "causes": ["flow_gone"]},
       {**ATTEMPT, "status": 480, "attempts": [("registration", 0)], "causes": ["flow_gone"]},
       {**ATTEMPT, "status": 200, "attempts": [("registration", 200)]}]


def run(t):
    phone, registrar = phones.registered(t)
    t.a.sock.close()
    phones.refused(t, phone.alias, 480, "Temporarily Unavailable", within=0.25)
    t.wait_log("phone unreachable.*no answer")
    # known to be dead: nothing is tried
    phones.refused(t, phone.alias, 480, within=0.25)
    phones.refused(t, phone.alias, 430, "Flow Failed", within=0.25, headers=[("Supported", "outbound")])
    t.equal(t.metric("limen_register_aliases_dead_total"), 2, "requests to dead aliases")
    t.a.open()
    t.equal(phones.register(phone, registrar), phone.alias, "alias of the phone that came back")
    # it is there, and says nothing
    pbx, _ = phones.ring(t, phone)
    pbx.refused(480, within=2.0)
    t.wait_metric("limen_registrations_live", 0)
    t.a.gather(0.05, ("INVITE", "CANCEL"))
    phones.register(phone, registrar)
    pbx, callee = phones.talk(t, phone)
    t.hang_up(pbx, callee)
    t.equal(t.metric("limen_register_flows_failed_total"), 2, "flows failed")
    phone.unregister(registrar)
    t.a.gather(0.05, ("INVITE", "CANCEL"))
