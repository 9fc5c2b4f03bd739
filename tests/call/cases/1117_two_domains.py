# SPDX-License-Identifier: Apache-2.0
"""One user part in two domains, a route and a registrar's domain for each: two addresses of record in everything; what one
registers, moves or clears is nothing to the other."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []
DOMAINS = ("a.example", "b.example")


def CONFIG(t):
    c = config(t)
    host = f"[{t.addr('callee', 2)}]" if t.v6 else t.addr("callee", 2)
    for d in DOMAINS:
        c["peers"][d[0]] = {"network": "core", "targets": f"udp:{host}:5060", "domain": "inside." + d,
                            "hosts": "inside." + d}
    c["peers"]["callee"] = None
    c["routes"] = [{"name": d, "match": {"network": "access", "to": "glob:*@" + d}, "target": d[0]} for d in DOMAINS]
    return c


def run(t):
    registrar, phones = Registrar(t.b), []
    for d in DOMAINS:
        p = Phone(t.a, contact=f"sip:alice@{t.a.here}")
        p.domain = d
        p.send(p.contact(60))
        m = registrar.hear()
        t.equal(m.uri, "sip:inside." + d, "Request-URI")
        t.check(f"<sip:alice@inside.{d}>" in m["To"], "To: " + m["To"])
        registrar.accept(m)
        t.equal(contacts(p.answered()), {p.uri: 60}, "told in " + d)
        phones.append(p)
    t.equal(len(registrar.aliases()), 2, "aliases of the one contact")
    t.equal((t.metric("limen_registrations"), t.metric("limen_registrations_aors")), (2, 2), "contacts and names")
    a, b = phones
    # written otherwise, the domain is the same
    a.domain = "A.Example."
    a.send(a.contact(60))
    a.answered()
    t.equal(t.metric("limen_register_absorbed_total"), 1, "absorbed")
    a.domain = DOMAINS[0]
    a.send("*", expires=0)
    m = registrar.hear()
    t.equal(len(m.all("Contact")), 1, "contacts that go")
    registrar.reply(m, 200, "OK")
    t.equal(contacts(a.answered()), {}, "told after *")
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    b.send(b.contact(60))
    t.equal(contacts(b.answered()), {b.uri: 60}, "the other is there")
    b.unregister(registrar)
