# SPDX-License-Identifier: Apache-2.0
"""OPTIONS from the PBX for a phone: down its flow and back; for one that cannot be reached 480, at once."""
from lib import phones
from lib.dialog import Callee
from lib.registration import config

CDR = []
CONFIG = config


def ask(t, alias):
    pbx = t.caller(t.b, to=alias, user="030111")
    pbx.request("OPTIONS")
    return pbx


def run(t):
    phone, registrar = phones.registered(t)
    pbx = ask(t, phone.alias)
    m = t.a.expect("OPTIONS")
    t.equal(m.uri, phone.uri, "Request-URI")
    t.check(f"<sip:alice@{phone.domain}" in m["To"], "To: " + m["To"])
    Callee(t.a, m).reply(200, "Here")
    m = pbx.expect("200 OPTIONS")
    t.check(t.a.host not in m.raw.decode(), "the phone is seen")
    # of a phone that asks who we are there is nobody who could answer for us
    pbx = ask(t, phone.alias)
    Callee(t.a, t.a.expect("OPTIONS")).reply(401, "Who?", headers=[("WWW-Authenticate", 'Digest realm="x", nonce="y"')])
    pbx.expect("403 OPTIONS")
    ask(t, "b" + phone.alias[1:] if phone.alias[0] == "a" else "a" + phone.alias[1:]).expect("404 OPTIONS")
    t.a.sock.close()
    ask(t, phone.alias).expect("480 OPTIONS", within=0.5)
    ask(t, phone.alias).expect("480 OPTIONS", within=0.5)
    t.equal(t.metric("limen_registrations_live"), 0, "phones that can be reached")
    t.a.open()
    phones.register(phone, registrar)
    phone.unregister(registrar)
