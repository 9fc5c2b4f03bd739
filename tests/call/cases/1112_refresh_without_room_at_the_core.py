# SPDX-License-Identifier: Apache-2.0
"""A refresh that the core should hear of, while it takes no more: answered here for as long as what it gave lasts."""
import time

from lib.registration import Phone, Registrar, config, contacts

CDR = []
VARIANTS = ["v4", "v6"]  # the bound is one worker's
GIVEN, TOLD = 8, 3


def CONFIG(t):
    c = config(t, pending=1, expires_core=0, expires_phone=TOLD)
    c["peers"]["callee"], c["timers"] = {"try_ms": 30000}, {"f": 30000}  # one stays under way for as long as it takes
    return c


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)

    def refresh_at(s):
        time.sleep(max(0, began + s - time.monotonic()))
        phone.send(phone.contact(60))

    phone.send(phone.contact(60))
    registrar.take(expires=GIVEN)
    t.equal(contacts(phone.answered()), {phone.uri: TOLD}, "told")
    began = time.monotonic()  # what the core gave runs since before
    refresh_at(2)
    phone.answered()
    stranger = Phone(t.endpoint("caller", host=3, name="stranger"), "bob")
    stranger.send()
    asked = registrar.hear()
    refresh_at(GIVEN / 2 + 0.2)
    t.equal(contacts(phone.answered()), {phone.uri: TOLD}, "told while the core has no room")
    t.wait_metric("limen_register_absorbed_late_total", 1)
    # what is left of it, in whole seconds: the moment is well between two of them
    refresh_at(GIVEN - 1.7)
    t.equal(contacts(phone.answered()), {phone.uri: 1}, "told shortly before its end")
    refresh_at(GIVEN + 0.2)
    phone.answered(503)
    registrar.accept(asked)  # too late for the stranger to hear of it
    t.wait_metric("limen_registrations", 1)
    phone.send(phone.contact(60))
    registrar.take()
    phone.answered()
    for p in (phone, stranger):
        p.unregister(registrar)
