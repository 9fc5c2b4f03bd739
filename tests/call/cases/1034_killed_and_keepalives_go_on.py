# SPDX-License-Identifier: Apache-2.0
"""Keep-alives go on in a new process; a phone that leaves two of them unanswered is found dead there, and stays so in the
next."""
from lib import kept, phones
from lib.message import text, token
from lib.registration import config

CDR = []


def CONFIG(t):
    c = {**config(t), **kept.config(t)}
    c["networks"]["access"].update(keepalive="options", keepalive_ms=1000)
    return c


def answer(t, m):
    h = [("Via", v) for v in m.all("Via")] + [("From", m["From"]), ("To", m["To"] + ";tag=" + token()),
                                              ("Call-ID", m.call_id), ("CSeq", m["CSeq"])]
    t.a.send(text("SIP/2.0 200 OK", h), to=m.source)


def run(t):
    phone, registrar = phones.registered(t)
    answer(t, t.a.expect("OPTIONS"))
    kept.again_registered(t)
    for _ in range(3):
        m = t.a.expect("OPTIONS")
        t.equal(m.uri, phone.uri, "Request-URI")
        answer(t, m)
    t.equal(t.metric("limen_registrations_live"), 1, "phones that can be reached")
    t.a.expect("OPTIONS")
    t.a.expect("OPTIONS")
    t.wait_metric("limen_registrations_live", 0)
    kept.again_registered(t, 1, live=0)
    phones.refused(t, phone.alias, 480)
    t.equal(phones.register(phone, registrar), phone.alias, "alias of the phone that came back")
    answer(t, t.a.expect("OPTIONS"))
    phone.unregister(registrar)
