# SPDX-License-Identifier: Apache-2.0
"""A network that drops who is unknown lets phones register by setting, and their calls in while they are registered."""
from lib.registration import Phone, Registrar, config

CDR = [{"status": 200, "ended_by": "A"}]


def CONFIG(t):
    c = config(t)
    c["networks"]["access"].update(unknown="drop", phones=True)
    return c


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    stranger = t.caller()
    raw = stranger.call()
    t.wait_metric('limen_rejects_total{reason="unknown_source_dropped"}', 1)
    t.a.expect_quiet(0.1)
    phone.send()
    registrar.take()
    phone.answered()
    a, b = t.talk()
    t.hang_up(a, b)
    # another port of the same address is another source
    other = t.caller(t.endpoint("caller", port=5070, name="other"))
    other.call()
    t.wait_metric('limen_rejects_total{reason="unknown_source_dropped"}', 2)
    phone.unregister(registrar)
    t.a.send(raw)
    t.wait_metric('limen_rejects_total{reason="unknown_source_dropped"}', 3)
    t.a.expect_quiet(0.1)
