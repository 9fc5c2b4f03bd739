# SPDX-License-Identifier: Apache-2.0
"""The registrar's 200 names our contact without an expires of its own, and others behind it: Expires holds for ours."""
import re

from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return config(t, expires_phone=60, expires_core=3600)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(300))
    m = registrar.hear()
    ours = re.match(r"<[^>]*>", m["Contact"]).group(0)
    registrar.reply(m, 200, "OK", [("Contact", ours), ("Contact", "<sip:desk@192.0.2.77>;expires=1800"), ("Expires", "600")])
    t.equal(contacts(phone.answered()), {phone.uri: 60}, "contacts told")
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    phone.unregister(registrar)
