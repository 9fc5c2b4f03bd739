# SPDX-License-Identifier: Apache-2.0
"""crowd: strangers have what a registrar may be asked, and phones that are registered are let through by the share that is kept
for them: cases 1110, 1111, 1261 and 1267."""
from .registration import Phone, Registrar, send_until_accepted


def registered(t, *more):
    """A registrar, and phones that have registered there: the caller's, and those besides."""
    registrar, phones = Registrar(t.b), [Phone(t.a), *more]
    for p in phones:
        p.send()
        registrar.take()
        p.answered()
    return registrar, phones


def this_second(t, registrar):
    """A stranger has what the core gets in this second: what follows takes less than that, since with the stranger's REGISTER
    another second has begun."""
    stranger = Phone(t.endpoint("caller", host=3, name="stranger"), "mallory")
    send_until_accepted(t, registrar, stranger)
    return stranger


def under_way(t, registrar):
    """Six strangers, of whom the registrar has not answered one: (their endpoint, the phones, what it was asked)."""
    ep = t.endpoint("caller", host=3, name="strangers")
    strangers = [Phone(ep, f"user{i}") for i in range(6)]
    for s in strangers:
        s.send()
    return ep, strangers, [registrar.hear() for _ in strangers]


def answered(registrar, strangers, asked):
    for m in asked:
        registrar.accept(m)
    for s in strangers:
        s.answered()


def started_anew(registrar, phone):
    """A phone is let through under a Call-ID that nothing knows."""
    phone.call_id += "x"
    phone.send()
    registrar.take()
    phone.answered()


def kept(t, n):
    t.equal(t.metric("limen_register_kept_share_total"), n, "by the share that is kept")
