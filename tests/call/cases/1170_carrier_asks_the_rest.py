# SPDX-License-Identifier: Apache-2.0
"""A carrier challenges REGISTER, OPTIONS, and within a call UPDATE and OPTIONS, by 401 and 407: answered with its credentials; the phone's own CSeq is its affair."""
from lib.dialog import Callee
from lib.digest import Verifier, asked
from lib.registration import Phone, Registrar, config

CDR = {"status": 200, "cause": "bye"}


def CONFIG(t):
    c = config(t)
    c["peers"]["callee"] = {"credentials": {"user": "4930", "password": "carrier secret"}}
    c["leak"] = "block"
    return c


def verifier(proxy):
    return Verifier(user="4930", password="carrier secret", proxy=proxy)


def registered(t, proxy):
    phone, registrar, core = Phone(t.a), Registrar(t.b), verifier(proxy)
    phone.send(expires=600)
    m = registrar.hear()
    if core.given(m) is None or not t.workers:  # each worker remembers what it was told
        registrar.reply(m, core.status, "Asked", [core.challenge()])
        again = registrar.hear()
        core.right(t, again, nc=1)
        t.equal((again.cseq, again.call_id, again["Contact"]), (m.cseq + 1, m.call_id, m["Contact"]), "the rest")
        m = again
    registrar.accept(m)
    t.equal(phone.answered().cseq, phone.cseq, "the phone's own CSeq")


def options(t, core):
    d = t.caller()
    d.request("OPTIONS")
    m = t.b.expect("OPTIONS")
    b = Callee(t.b, m)
    asked(t, core, b, m)
    b.ok()
    t.equal(d.expect("200 OPTIONS").cseq, d.cseq, "the caller's own CSeq")


def run(t):
    t.b
    registered(t, False)
    options(t, verifier(True))
    options(t, verifier(False))
    a, b = None, None
    d = t.caller()
    d.call(headers=[("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")])
    b = t.callee()
    core = verifier(True)
    b.ok(sdp=True, headers=[("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")])
    d.answered()
    b.expect("ACK")
    for core in verifier(True), verifier(False):
        d.request("UPDATE", body=d.sdp(version=2 if core.proxy else 3))
        asked(t, core, b, b.expect("UPDATE"))
        b.ok(sdp=b.sdp(version=2 if core.proxy else 3))
        t.equal(d.expect("200 UPDATE").cseq, d.cseq, "the caller's own CSeq")
        d.request("OPTIONS")
        asked(t, core, b, b.expect("OPTIONS"), stale=True)
        b.ok()
        t.equal(d.expect("200 OPTIONS").cseq, d.cseq, "the caller's own CSeq")
    t.hang_up(d, b)
    phone = Phone(t.a)
    phone.send(expires=0)
    Registrar(t.b).accept(t.b.expect("REGISTER"))
    phone.answered()
