# SPDX-License-Identifier: Apache-2.0
"""A phone lets its registration run out: unreachable, but at the core for longer; with the AoR's next REGISTER it is
taken off there. The registrar's shorter time ends it altogether."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return config(t, expires_phone=1)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(1))
    registrar.take()
    phone.answered()
    gone = registrar.aliases()[0]
    t.wait_metric("limen_registrations_live", 0)
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    t.equal(t.metric("limen_register_bindings_expired_total"), 1, "expired")
    # back: not absorbed, and the same to the core
    phone.send(phone.contact(1))
    registrar.take()
    t.equal(contacts(phone.answered()), {phone.uri: 1}, "told to the phone that came back")
    t.equal(registrar.aliases(), [gone], "alias of the phone that came back")
    t.wait_metric("limen_registrations_live", 0)
    # another contact of this AoR takes it off the core's list
    other = Phone(t.a, contact=phone.uri.replace("alice@", "desk@"))
    other.send(other.contact(1))
    m = registrar.take(expires=2)
    t.check(any(gone in c and "expires=0" in c for c in m.all("Contact")), "the old alias was not removed")
    other.answered()
    t.equal(len(registrar.aliases()), 1, "aliases at the core")
    t.wait_metric("limen_registrations", 0)
