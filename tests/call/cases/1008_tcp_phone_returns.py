# SPDX-License-Identifier: Apache-2.0
"""A phone over TCP: refreshed on its connection; from a new connection it goes to the core, and moves."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []
CONFIG = config


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a_tcp, instance="00000000-0000-1000-8000-000A95A0E128", reg_id=1)
    supported = [("Supported", "path, outbound")]
    phone.send(phone.contact(300), headers=supported)
    registrar.take()
    m = phone.answered()
    t.equal(contacts(m), {phone.uri: 60}, "contacts told")
    t.check("outbound" in m["Require"] and int(m["Flow-Timer"]) > 0, "no outbound in the answer")
    t.check("reg-id=1" in m["Contact"] and "+sip.instance=" in m["Contact"], "Contact: " + m["Contact"])
    phone.send(phone.contact(300), headers=supported)
    phone.answered()
    t.equal(t.metric("limen_register_absorbed_total"), 1, "absorbed")
    alias = registrar.aliases()
    for s in list(t.a_tcp.conns):
        t.a_tcp.drop(s)
    t.wait_metric("limen_registrations_live", 0)
    t.wait_log("phone unreachable.*connection closed")
    # a new port in its Contact is the same flow of the same instance (RFC 5626 §6)
    phone.uri = phone.uri.replace(":5060", ":5099")
    phone.send(phone.contact(300), headers=supported)
    registrar.take()
    t.equal(contacts(phone.answered()), {phone.uri: 60}, "contacts told on the new connection")
    t.equal(registrar.aliases(), alias, "aliases at the core")
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    t.equal(t.metric("limen_register_flows_moved_total"), 1, "flows moved")
    phone.unregister(registrar)
