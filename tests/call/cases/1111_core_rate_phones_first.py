# SPDX-License-Identifier: Apache-2.0
"""Strangers use up what the core gets per second: a registered phone is let through; who forges its name is not."""
from lib.registration import Phone, Registrar, config, send_until_accepted

CDR = []


def CONFIG(t):
    return config(t, core_rate=1)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send()
    registrar.take()
    phone.answered()
    # in less than the second that it takes until the next is due: once the first stranger is let in, another second begins
    stranger = Phone(t.endpoint("caller", host=3, name="stranger"), "mallory")
    send_until_accepted(t, registrar, stranger)
    forger = Phone(stranger.ep, contact=f"sip:alice@{stranger.ep.here}")
    forger.send()
    forger.answered(503)
    phone.call_id += "x"
    phone.send()
    registrar.take()
    phone.answered()
    t.equal(t.metric("limen_register_kept_share_total"), 1, "by the share that is kept")
    for p in (phone, stranger):
        send_until_accepted(t, registrar, p, p.contact(0))
