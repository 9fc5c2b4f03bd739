# SPDX-License-Identifier: Apache-2.0
"""More contacts than an AoR may have, more than there may be in all, too brief, out of order, too long, no SIP."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return dict(config(t, max_contacts=3, expires_min=20), limits={"registrations": 4})


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    several = [phone.uri.replace("alice@", f"d{i}@") for i in range(6)]
    phone.send(*[phone.contact(60, uri=u) for u in several[:4]])
    phone.answered(403)
    t.equal(t.metric("limen_register_contacts_limited_total"), 1, "refused at max_contacts")
    phone.send(*[phone.contact(60, uri=u) for u in several[:3]])
    registrar.take()
    t.equal(len(contacts(phone.answered())), 3, "contacts told")
    phone.send(phone.contact(60, uri=several[3]))
    phone.answered(403)
    bob, carol = Phone(t.a, "bob"), Phone(t.a, "carol")
    bob.send()
    registrar.take()
    bob.answered()
    carol.send()
    t.check(carol.answered(503)["Retry-After"], "no Retry-After")
    t.equal(t.metric("limen_register_limited_total"), 1, "refused at limits.registrations")
    # what is there may be said again
    bob.send()
    bob.answered()
    bob.send(bob.contact(19))
    t.equal(bob.answered(423)["Min-Expires"], "20", "Min-Expires")
    bob.send(cseq=1)
    bob.answered(500)
    t.equal(t.metric("limen_register_out_of_order_total"), 1, "out of order")
    for bad in ("<mailto:alice@example.org>", "<tel:+4930>", f"<sip:{'x' * 600}@192.0.2.1>",
                f"<sip:a@192.0.2.1>;x={'y' * 500}", f'<sip:a@192.0.2.1>;+sip.instance="{"z" * 200}"'):
        carol.send(bad)
        carol.answered(400)
    carol.send(*[f"<sip:c{i}@192.0.2.1>" for i in range(17)])
    carol.answered(400)
    carol.send(to="x" * 300)
    carol.answered(404)
    phone.send("*", expires=0)
    registrar.take()
    phone.answered()
    bob.cseq = 10
    bob.unregister(registrar)
