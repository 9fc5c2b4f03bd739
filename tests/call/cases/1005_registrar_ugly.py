# SPDX-License-Identifier: Apache-2.0
"""A registrar that redirects, refuses, is busy, challenges a network without auth, wants more time, or says nothing."""
import re

from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    c = config(t, expires_core=100)
    c["peers"]["callee"] = {"try_ms": 400}
    return c


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)

    def refused(status, told, phrase="X", headers=()):
        phone.send(phone.contact(60))
        registrar.reply(registrar.hear(), status, phrase, headers)
        return phone.answered(told)

    m = refused(302, 480, "Moved", [("Contact", "<sip:elsewhere@192.0.2.77>")])
    t.check("192.0.2.77" not in m.raw.decode(), "where the registrar redirects to crossed")
    t.equal(refused(404, 404, "No Such Extension").phrase, "No Such Extension", "phrase")
    m = refused(401, 403, headers=[("WWW-Authenticate", 'Digest realm="inside", nonce="x"')])
    t.check("inside" not in m.raw.decode(), "the challenge crossed")
    m = refused(503, 503)
    t.check(5 <= int(m["Retry-After"]) <= 64, "Retry-After: " + m["Retry-After"])
    # 423: asked once more for as long as it wants, under the next CSeq
    phone.send(phone.contact(60))
    first = registrar.hear()
    registrar.reply(first, 423, "Interval Too Brief", [("Min-Expires", "200")])
    again = registrar.hear()
    t.check("expires=200" in again["Contact"], "Contact: " + again["Contact"])
    t.equal((again.call_id, again.cseq), (first.call_id, first.cseq + 1), "Call-ID and CSeq of the second")
    registrar.accept(again)
    t.equal(contacts(phone.answered()), {phone.uri: 60}, "told")
    # and no more than once
    phone.call_id += "x"
    phone.send(phone.contact(60))
    registrar.reply(registrar.hear(), 423, "Interval Too Brief", [("Min-Expires", "300")])
    registrar.reply(registrar.hear(), 423, "Interval Too Brief", [("Min-Expires", "400")])
    t.equal(phone.answered(423)["Min-Expires"], "400", "Min-Expires")
    # silence: an answer in good time, and the phone keeps what it has, which is told as long as the core's time lasts
    phone.send(phone.contact(60))
    silent = registrar.hear()
    t.equal(contacts(phone.answered(within=1.5)), {phone.uri: 60}, "told")
    registrar.accept(silent)  # too late
    stranger = Phone(t.endpoint("caller", host=3, name="stranger"), "bob")
    stranger.send()
    registrar.hear()
    m = stranger.answered(503, within=1.5)
    t.check(re.match(r"\d+$", m["Retry-After"]), "Retry-After: " + m["Retry-After"])
    t.equal(t.metric("limen_register_core_silent_total"), 2, "silent registrars")
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    phone.unregister(registrar)
