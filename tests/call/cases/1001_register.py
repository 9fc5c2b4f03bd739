# SPDX-License-Identifier: Apache-2.0
"""A phone registers: the core has an alias for long, the phone its own contact for short; it refreshes, and unregisters."""
import re

from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return config(t, expires_phone=60, expires_core=3600)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(300))
    m = registrar.take()
    t.equal(re.findall(r"expires=(\d+)", m["Contact"]), ["3600"], "asked of the core")
    alias = registrar.aliases()[0]
    t.equal(len(alias), 29, "length of the alias")
    t.check("alice" not in m["Contact"], "the contact's user crossed: " + m["Contact"])
    t.check("path" in m["Supported"] and m["Path"], "no Path offered")
    t.equal(m["To"].split(">")[0], m["From"].split(">")[0], "AoR in To and From")
    t.check(m.call_id != phone.call_id, "the phone's Call-ID crossed")
    ok = phone.answered()
    t.equal(contacts(ok), {phone.uri: 60}, "contacts told")
    t.check(re.match(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$", ok["Date"]), "Date: " + ok["Date"])
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    t.equal(t.metric("limen_registrations_live"), 1, "registrations, live")
    # said again: answered here
    phone.send(phone.contact(300))
    t.equal(contacts(phone.answered()), {phone.uri: 60}, "contacts told again")
    t.b.expect_quiet(0.3)
    t.equal(t.metric("limen_register_absorbed_total"), 1, "absorbed")
    t.equal(t.metric("limen_register_relayed_total"), 1, "relayed")
    # the very same once more: answered alike, and nothing changes
    raw = phone.send(phone.contact(300), send=False)
    for _ in range(2):
        t.a.send(raw)
        t.equal(contacts(phone.answered()), {phone.uri: 60}, "contacts told to a repetition")
        t.a.seen.clear()
    t.equal(t.metric("limen_register_absorbed_total"), 2, "absorbed, repetitions apart")
    # the end
    phone.send(phone.contact(0))
    again = registrar.take()
    t.equal(again.call_id, m.call_id, "Call-ID at the core")
    t.equal(again.cseq, m.cseq + 1, "CSeq at the core")
    t.check(alias in again["Contact"] and "expires=0" in again["Contact"], "Contact: " + again["Contact"])
    t.equal(contacts(phone.answered()), {}, "contacts told at the end")
    t.equal(registrar.aliases(), [], "what the core has")
