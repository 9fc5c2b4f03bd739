# SPDX-License-Identifier: Apache-2.0
"""Strangers use up what the core gets per second: a phone that its NAT gave a new port is let through by its contact; its name alone is not."""
from lib import crowd
from lib.registration import Phone, config, send_until_accepted

CDR = []


def CONFIG(t):
    return config(t, core_rate=1)


def run(t):
    registrar, [phone] = crowd.registered(t)
    stranger = crowd.this_second(t, registrar)
    ep = t.endpoint("caller", port=5070, name="moved")
    by_name = Phone(ep)
    by_name.send()
    by_name.answered(503)
    moved = Phone(ep, contact=phone.uri)
    moved.send()
    registrar.take()
    moved.answered()
    crowd.kept(t, 1)
    t.equal(t.metric("limen_register_flows_moved_total"), 1, "flows moved")
    for p in (moved, stranger):
        send_until_accepted(t, registrar, p, p.contact(0))
