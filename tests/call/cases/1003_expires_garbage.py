# SPDX-License-Identifier: Apache-2.0
"""Expires that is huge, garbage, or missing; a registrar that gives less, or nothing at all."""
import re

from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return dict(config(t, expires_core=0), networks={"access": {"unknown": "accept", "source_rate": 0, "nat": False}})


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    for asked, wanted in (("99999999999999999999", 604800), ("4294967295", 604800), ("soon", 3600), ("-1", 3600),
                          ('""', 3600), (None, 3600), ("7", 7)):
        phone.send(phone.contact(asked))
        m = registrar.take()
        t.equal(int(re.search(r"expires=(\d+)", m["Contact"]).group(1)), wanted, f"asked of the core for {asked}")
        t.equal(contacts(phone.answered()), {phone.uri: wanted}, f"told for {asked}")
        phone.call_id += "x"  # another Call-ID is no refresh
    # the header counts where the contact says nothing; the registrar gives less than half: the phone hears it
    phone.send(phone.contact(), expires=400)
    registrar.take(expires=30)
    t.equal(contacts(phone.answered()), {phone.uri: 30}, "told what the registrar gave")
    # what the registrar does not list is not registered
    phone.call_id += "x"
    phone.send(phone.contact(400))
    m = registrar.hear()
    registrar.reply(m, 200, "OK", [("Contact", "<sip:other@192.0.2.1>;expires=9")])
    t.equal(contacts(phone.answered()), {}, "told of what was not given")
    t.equal(t.metric("limen_registrations"), 0, "registrations")
    # nothing but Expires: all of it is ours
    phone.send(phone.contact(400))
    registrar.reply(registrar.hear(), 200, "OK", [("Expires", "50")])
    t.equal(contacts(phone.answered()), {phone.uri: 50}, "told what Expires said")
    phone.unregister(registrar)
