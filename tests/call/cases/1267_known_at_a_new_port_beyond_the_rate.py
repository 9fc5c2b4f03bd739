# SPDX-License-Identifier: Apache-2.0
"""Strangers use up what the core gets per second: a phone that its NAT gave a new port is let through by its contact; its name alone is not."""
from lib.registration import Phone, Registrar, config, send_until_accepted

CDR = []


def CONFIG(t):
    return config(t, core_rate=1)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send()
    registrar.take()
    phone.answered()
    # in less than the second that it takes until the next is due
    stranger = Phone(t.endpoint("caller", host=3, name="stranger"), "mallory")
    send_until_accepted(t, registrar, stranger)
    ep = t.endpoint("caller", port=5070, name="moved")
    by_name = Phone(ep)
    by_name.send()
    by_name.answered(503)
    moved = Phone(ep, contact=phone.uri)
    moved.send()
    registrar.take()
    moved.answered()
    t.equal(t.metric("limen_register_kept_share_total"), 1, "by the share that is kept")
    t.equal(t.metric("limen_register_flows_moved_total"), 1, "flows moved")
    for p in (moved, stranger):
        send_until_accepted(t, registrar, p, p.contact(0))
