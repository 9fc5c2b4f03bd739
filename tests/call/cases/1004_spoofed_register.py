# SPDX-License-Identifier: Apache-2.0
"""A REGISTER from another source for the contact of a live phone moves nothing; neither does its unregistering or "*"."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []
CONFIG = config


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(300))
    registrar.take()
    phone.answered()
    thief = Phone(t.endpoint("caller", host=3, name="thief"), contact=phone.uri)
    for expires in (300, 0):
        thief.send(thief.contact(expires))
        thief.answered(403)
    # the same Call-ID and a higher CSeq do not help
    thief.send(thief.contact(300), call_id=phone.call_id, cseq=100)
    thief.answered(403)
    thief.send("*", expires=0)
    m = registrar.hear()
    t.equal(m.all("Contact"), [], "what * of the other source takes from the core")
    registrar.accept(m)
    t.equal(contacts(thief.answered()), {}, "told to the other source")
    t.equal(t.metric("limen_register_foreign_total"), 3, "foreign contacts refused")
    t.equal(t.metric("limen_register_flows_moved_total"), 0, "flows moved")
    # a phone of its own under the same name is another contact, and is told of no other
    own = Phone(thief.ep)
    own.send(own.contact(300))
    registrar.take()
    t.equal(contacts(own.answered()), {own.uri: 60}, "told to the second phone")
    phone.send(phone.contact(300))
    t.equal(contacts(phone.answered()), {phone.uri: 60}, "told to the first phone")
    phone.unregister(registrar)
    own.unregister(registrar)
