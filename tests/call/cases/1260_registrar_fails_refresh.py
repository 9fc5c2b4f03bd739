# SPDX-License-Identifier: Apache-2.0
"""The registrar is silent or fails: a phone's refresh is answered here while what the core gave lasts; nothing else is."""
import time

from lib.registration import Phone, Registrar, config, contacts

CDR = []
GIVEN, TOLD = 8, 3


def CONFIG(t):
    c = config(t, expires_core=0, expires_phone=TOLD)
    c["peers"]["callee"] = {"try_ms": 300}
    return c


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    moved = Phone(t.endpoint("caller", port=5070, name="moved"), contact=phone.uri)

    def fails(p, *what, status=500, told=500, **kw):
        p.send(*what, **kw)
        m = registrar.hear()
        registrar.reply(m, status, "Broken")
        return m, p.answered(told)

    phone.send(phone.contact(60))
    first = registrar.take(expires=GIVEN)
    phone.answered()
    began = time.monotonic()  # what the core gave runs since before
    time.sleep(2)
    phone.send(phone.contact(60))
    t.equal(contacts(phone.answered()), {phone.uri: TOLD}, "told of a refresh that the core need not hear of")
    time.sleep(max(0, began + GIVEN / 2 + 0.1 - time.monotonic()))

    phone.send(phone.contact(60))
    silent = registrar.hear()
    said = contacts(phone.answered(within=1.5))[phone.uri]
    t.check(0 < said <= TOLD and time.monotonic() + said <= began + GIVEN + 0.1, f"told {said} s")
    t.wait_metric("limen_register_absorbed_failed_total", 1)
    t.equal(t.metric("limen_register_core_silent_total"), 0, "told of silence")
    m, answer = fails(phone, phone.contact(60), told=200)
    t.check(0 < contacts(answer)[phone.uri] <= said, "told while the core fails")
    t.equal((m.call_id, m.cseq > silent.cseq > first.cseq), (first.call_id, True), "order at the core")
    phone.call_id += "x"  # started anew
    fails(phone, phone.contact(60), status=503, told=200)
    t.wait_metric("limen_register_absorbed_failed_total", 3)

    fails(phone, phone.contact(60), phone.contact(60, "sip:alice@192.0.2.9"))
    fails(phone, phone.contact(60, "sip:alice@192.0.2.9"))
    fails(moved, moved.contact(60))
    fails(phone, phone.contact(0))
    fails(phone, "*", expires=0)
    fails(phone, "")  # asks what there is
    t.equal(t.metric("limen_register_absorbed_failed_total"), 3, "answered here after all that")
    t.equal(t.metric("limen_registrations"), 1, "registrations")

    time.sleep(max(0, began + GIVEN + 0.1 - time.monotonic()))
    fails(phone, phone.contact(60))
    phone.send(phone.contact(60))
    registrar.hear()
    t.check(phone.answered(503, within=1.5)["Retry-After"], "no Retry-After")
    phone.send(phone.contact(60))
    registrar.take()
    phone.answered()
    phone.unregister(registrar)
