# SPDX-License-Identifier: Apache-2.0
"""Registered phones are known to a new process, whatever its number of workers: called, refreshed, unregistered."""
from lib import kept, phones
from lib.registration import Phone, Registrar, config, contacts

CDR = [{"route": "registration", "status": 200, "b.network": "access"}] * 3


def CONFIG(t):
    return {**config(t), **kept.config(t)}


def run(t):
    registrar, all_of_them = Registrar(t.b), [Phone(t.a, user=u) for u in ("alice", "bob", "carol")]
    for p in all_of_them:
        before = set(registrar.aliases())
        p.send(p.contact(300))
        registrar.take()
        p.answered()
        p.alias, = set(registrar.aliases()) - before
    t.equal(t.metric("limen_registrations"), 3, "registrations")
    for workers in (2, 5):
        kept.again_registered(t, 3, workers=workers)
        for p in all_of_them:
            p.send(p.contact(300))  # absorbed: the registrar hears nothing
            t.equal(contacts(p.answered()), {p.uri: 60}, "told to the phone")
        t.equal(t.metric("limen_register_absorbed_total"), 3, "absorbed")
    for p in all_of_them:
        pbx, callee = phones.talk(t, p)
        t.hang_up(pbx, callee)
    for p in all_of_them:
        p.unregister(registrar)
    t.wait_metric("limen_registrations", 0)
    kept.again_registered(t, 0)
