# SPDX-License-Identifier: Apache-2.0
"""OPTIONS to registered phones by setting: answered ones keep it reachable, two unanswered ones end that."""
from lib.message import text, token
from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    c = config(t)
    c["networks"]["access"].update(keepalive="options", keepalive_ms=1000)
    return c


def answer(t, m):
    h = [("Via", v) for v in m.all("Via")] + [("From", m["From"]), ("To", m["To"] + ";tag=" + token()),
                                              ("Call-ID", m.call_id), ("CSeq", m["CSeq"])]
    t.a.send(text("SIP/2.0 200 OK", h), to=m.source)


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send()
    registrar.take()
    phone.answered()
    for _ in range(3):
        m = t.a.expect("OPTIONS")
        t.equal(m.uri, phone.uri, "Request-URI")
        answer(t, m)
    t.equal(t.metric("limen_registrations_live"), 1, "phones that can be reached")
    t.a.expect("OPTIONS")
    t.a.expect("OPTIONS")
    t.wait_metric("limen_registrations_live", 0)
    t.equal(t.metric("limen_register_keepalives_lost_total"), 2, "keep-alives lost")
    t.equal(t.metric("limen_register_flows_failed_total"), 1, "flows failed")
    t.wait_log("phone unreachable.*keep-alives not answered")
    # what it says itself brings it back, by way of the core
    phone.send()
    registrar.take()
    phone.answered()
    answer(t, t.a.expect("OPTIONS"))
    phone.unregister(registrar)
