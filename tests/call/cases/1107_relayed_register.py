# SPDX-License-Identifier: Apache-2.0
"""auth: relay, REGISTER: the registrar's 401 crosses, and the credentials with the Request-URI that they are for."""
from lib.digest import Login, Verifier
from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    c = config(t)
    c["networks"]["access"]["auth"] = "relay"
    c["peers"]["callee"] = {"auth": "relay"}
    c["leak"] = "block"
    return c


def run(t):
    t.a
    core, phone, verifier = Registrar(t.b), Phone(t.a), Verifier(proxy=False)
    login = Login("alice", "open sesame")
    phone.send(expires=600)
    core.reply(core.hear(), 401, "Unauthorized", [verifier.challenge()])
    login.challenged(phone.answered(401), "MD5")
    uri = f"sip:{phone.domain}"
    phone.send(expires=600, headers=[login.header("REGISTER", uri)])
    m = core.hear()
    verifier.right(t, m, nc=1)
    t.equal(m.uri, uri, "Request-URI")
    core.accept(m)
    phone.answered()
    phone.send(expires=0, headers=[login.header("REGISTER", uri)])
    verifier.right(t, core.take(), nc=2)
    phone.answered()
