# SPDX-License-Identifier: Apache-2.0
"""Strangers fill what may be under way to the core: a quarter is left for registered phones, by their own flow alone."""
from lib import crowd
from lib.registration import Phone, config

CDR = []
VARIANTS = ["v4", "v6"]  # the bound is one worker's


def CONFIG(t):
    return config(t, pending=8)


def run(t):
    registrar, [phone] = crowd.registered(t)
    ep, strangers, asked = crowd.under_way(t, registrar)
    t.equal(t.metric("limen_registrations_pending"), 6, "under way")
    # one more, who says that he is the phone, at its contact or at another
    forger = Phone(ep, contact=f"sip:alice@{ep.here}")
    forger.send()
    t.check(forger.answered(503)["Retry-After"], "no Retry-After")
    other_port = Phone(t.endpoint("caller", port=5070))
    other_port.send()
    other_port.answered(503)
    t.equal(t.metric("limen_register_pending_limited_total"), 2, "refused")
    crowd.started_anew(registrar, phone)
    crowd.kept(t, 1)
    crowd.answered(registrar, strangers, asked)
    for p in [phone, *strangers]:
        p.unregister(registrar)
