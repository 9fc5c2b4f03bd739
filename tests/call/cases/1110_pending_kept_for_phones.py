# SPDX-License-Identifier: Apache-2.0
"""Strangers fill what may be under way to the core: a quarter is left for registered phones, by their own flow alone."""
from lib.registration import Phone, Registrar, config

CDR = []
VARIANTS = ["v4", "v6"]  # the bound is one worker's


def CONFIG(t):
    return config(t, pending=8)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send()
    registrar.take()
    phone.answered()
    ep = t.endpoint("caller", host=3, name="strangers")
    strangers = [Phone(ep, f"user{i}") for i in range(6)]
    for s in strangers:
        s.send()
    asked = [registrar.hear() for _ in strangers]
    t.equal(t.metric("limen_registrations_pending"), 6, "under way")
    # one more, who says that he is the phone, at its contact or at another
    forger = Phone(ep, contact=f"sip:alice@{ep.here}")
    forger.send()
    t.check(forger.answered(503)["Retry-After"], "no Retry-After")
    other_port = Phone(t.endpoint("caller", port=5070))
    other_port.send()
    other_port.answered(503)
    t.equal(t.metric("limen_register_pending_limited_total"), 2, "refused")
    # the phone itself, started anew: nothing here knows this Call-ID
    phone.call_id += "x"
    phone.send()
    registrar.take()
    phone.answered()
    t.equal(t.metric("limen_register_kept_share_total"), 1, "by the share that is kept")
    for m in asked:
        registrar.accept(m)
    for s in strangers:
        s.answered()
    for p in [phone, *strangers]:
        p.unregister(registrar)
