# SPDX-License-Identifier: Apache-2.0
"""Aliases that were guessed, belong to a phone that is gone, or to one that cannot be reached: answered at once, counted."""
from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    c = config(t, expires_phone=1)
    c["routes"][1] = {"name": "back", "match": {"peer": "callee"}, "target": "callee"}
    return c


def ask(t, alias, status):
    for method in ("INVITE", "OPTIONS"):
        b = t.caller(t.b, to=alias)
        b.call() if method == "INVITE" else b.request("OPTIONS")
        b.refused(status) if method == "INVITE" else b.expect(status)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(1))
    registrar.take()
    phone.answered()
    alias = registrar.aliases()[0]
    t.wait_metric("limen_registrations_live", 0)
    ask(t, alias, 480)
    for i in (0, 14, 28):
        ask(t, alias[:i] + ("b" if alias[i] == "a" else "a") + alias[i + 1:], 404)
    phone.send(phone.contact(0))
    registrar.take()
    phone.answered()
    ask(t, alias, 404)
    t.a.expect_quiet(0.1)
    t.equal(t.metric("limen_register_aliases_dead_total"), 2, "requests to a phone that cannot be reached")
    t.equal(t.metric("limen_register_aliases_forged_total"), 6, "forged aliases")
    t.equal(t.metric("limen_register_aliases_unknown_total"), 2, "aliases of nobody")
