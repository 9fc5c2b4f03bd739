# SPDX-License-Identifier: Apache-2.0
"""Strangers use up what the core gets per second: a registered phone is let through; who forges its name is not."""
from lib import crowd
from lib.registration import Phone, config, send_until_accepted

CDR = []


def CONFIG(t):
    return config(t, core_rate=1)


def run(t):
    registrar, [phone] = crowd.registered(t)
    stranger = crowd.this_second(t, registrar)
    forger = Phone(stranger.ep, contact=f"sip:alice@{stranger.ep.here}")
    forger.send()
    forger.answered(503)
    crowd.started_anew(registrar, phone)
    crowd.kept(t, 1)
    for p in (phone, stranger):
        send_until_accepted(t, registrar, p, p.contact(0))
