# SPDX-License-Identifier: Apache-2.0
"""Two contacts in one REGISTER; "*" removes both; "*" with a time, or beside another contact, is 400."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return config(t, expires_phone=100)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    other = phone.uri.replace("alice@", "desk@")
    phone.send(phone.contact(90), phone.contact(500, uri=other))
    m = registrar.take()
    t.equal(len(m.all("Contact")), 2, "contacts at the core")
    t.equal(len(set(registrar.aliases())), 2, "aliases")
    t.equal(contacts(phone.answered()), {phone.uri: 90, other: 100}, "contacts told")
    t.equal(t.metric("limen_registrations"), 2, "registrations")
    t.equal(t.metric("limen_registrations_aors"), 1, "addresses of record")
    # both refreshed at once, then one alone: answered here
    phone.send(phone.contact(90), phone.contact(500, uri=other))
    t.equal(contacts(phone.answered()), {phone.uri: 90, other: 100}, "contacts refreshed")
    # the core's Contact says which is meant, whatever else it lists
    phone.send(phone.contact(0, uri=other))
    registrar.take()
    t.equal(contacts(phone.answered()), {phone.uri: 90}, "contacts after one was removed")
    for contact, expires in ((("*",), 60), (("*",), None), (("*", phone.contact(0)), 0)):
        phone.send(*contact, expires=expires)
        phone.answered(400)
    t.equal(t.metric("limen_registrations"), 1, "registrations after what was refused")
    phone.send("*", expires=0)
    registrar.take()
    t.equal(contacts(phone.answered()), {}, "contacts after *")
    t.equal(registrar.aliases(), [], "what the core has")
