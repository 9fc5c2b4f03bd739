# SPDX-License-Identifier: Apache-2.0
"""A carrier that takes our credentials for wrong, with a new nonce each time: every request goes twice and no more, whatever it is; the call within which it happens goes on."""
from lib.dialog import Callee
from lib.digest import Verifier
from lib.registration import Phone, Registrar, config

CDR = [{"status": 403, "cause": "credentials refused", "attempts": [("callee", 407)]}, {"status": 200, "cause": "bye"}]


def CONFIG(t):
    c = config(t)
    c["peers"]["callee"] = {"credentials": {"user": "4930", "password": "another secret"}}
    return c


def twice(t, core, b, m):
    """What comes first has no credentials: those that were not taken are forgotten."""
    for known in False, True:
        t.equal(core.given(m) is not None, known, "credentials in " + m.start)
        b.reply(core.status, "Asked", to=m, headers=[core.challenge()])
        if m.method == "INVITE":
            b.ep.expect("ACK")
        if not known:
            m = b.ep.expect(m.method)


def run(t):
    t.b
    core = Verifier()
    d = t.caller()
    d.call()
    b = t.callee()
    twice(t, core, b, b.invite)
    d.refused(403)

    d.request("OPTIONS", replace={"Call-ID": d.call_id + "o"})
    m = t.b.expect("OPTIONS")
    twice(t, core, Callee(t.b, m), m)
    t.a.expect("403 OPTIONS")

    phone, registrar = Phone(t.a), Registrar(t.b)
    phone.send(expires=600)
    for _ in range(2):
        registrar.reply(registrar.hear(), 401, "Asked", [Verifier(proxy=False).challenge()])
    phone.answered(403)

    d, b = t.talk(allow="INVITE, ACK, BYE, CANCEL, UPDATE")
    d.request("UPDATE", body=d.sdp(version=2))
    twice(t, core, b, b.expect("UPDATE"))
    d.expect("403 UPDATE")
    d.request("INVITE", body=d.sdp(version=2))
    twice(t, core, b, b.expect("INVITE"))
    d.refused(403)
    d.request("INFO", body="x", ctype="text/plain")
    twice(t, core, b, b.expect("INFO"))
    d.expect("403 INFO")
    d.bye()
    twice(t, core, b, b.expect("BYE"))
    d.expect(200)
    t.wait_metric('limen_rejects_total{reason="peer_credentials"}', 5)
