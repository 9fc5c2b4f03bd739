# SPDX-License-Identifier: Apache-2.0
"""Ever new contacts of one address of record: so many an hour, however many are taken away again; others are not held to it."""
from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    return config(t, new_contacts=3)


def run(t):
    registrar, phone, bob = Registrar(t.b), Phone(t.a), Phone(t.a, "bob")
    several = [phone.uri.replace("alice@", f"d{i}@") for i in range(4)]

    def each(uri, expires=60):
        phone.send(phone.contact(expires, uri=uri))
        registrar.take()
        phone.answered()

    # what the core refuses was never there
    phone.send(phone.contact(60, uri=several[0]))
    registrar.reply(registrar.hear(), 403, "Forbidden")
    phone.answered(403)
    for uri in several[:2]:
        each(uri)
        each(uri, 0)
    each(several[2])
    for uri in several[:2] + several[3:]:
        phone.send(phone.contact(60, uri=uri))
        t.check(phone.answered(503)["Retry-After"], "no Retry-After")
    t.equal(t.metric("limen_register_new_limited_total"), 3, "refused")
    phone.call_id += "x"
    each(several[2])  # is not new
    bob.send()
    registrar.take()
    bob.answered()
    for p in (phone, bob):
        p.send("*", expires=0)
        registrar.take()
        p.answered()
