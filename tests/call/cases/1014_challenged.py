# SPDX-License-Identifier: Apache-2.0
"""auth: relay: the registrar's challenge reaches the phone and its credentials the registrar; a phone that moves has to
answer one; from elsewhere without credentials nothing moves, even if the registrar lets it pass."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    c = config(t)
    c["networks"]["access"]["auth"] = "relay"
    c["peers"]["callee"] = {"auth": "relay"}
    return c


CHALLENGE = [("WWW-Authenticate", 'Digest realm="inside.example", nonce="abc", algorithm=MD5, qop="auth"')]


def credentials(phone):
    return [("Authorization", f'Digest username="alice", realm="inside.example", nonce="abc", '
             f'uri="sip:{phone.domain}", response="0123456789abcdef0123456789abcdef", algorithm=MD5, qop=auth, '
             'nc=00000001, cnonce="x"')]


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(300))
    m = registrar.hear()
    registrar.reply(m, 401, "Unauthorized", CHALLENGE)
    c = phone.answered(401)
    t.check('nonce="abc"' in c["WWW-Authenticate"], "WWW-Authenticate: " + c["WWW-Authenticate"])
    t.equal(t.metric("limen_registrations"), 0, "registrations")
    phone.send(phone.contact(300), headers=credentials(phone))
    again = registrar.take()
    t.check("response=" in again["Authorization"], "no credentials")
    t.equal(again.uri, f"sip:{phone.domain}", "the Request-URI that the credentials are for")
    t.equal(m["Contact"], again["Contact"], "alias of both")
    t.equal(contacts(phone.answered()), {phone.uri: 60}, "contacts told")
    # the same flow is known by now
    phone.send(phone.contact(300))
    phone.answered()
    t.equal(t.metric("limen_register_absorbed_total"), 1, "absorbed")
    # another flow is asked who it is, whatever Call-ID it knows
    thief = Phone(t.endpoint("caller", host=3, name="thief"), contact=phone.uri)
    thief.send(thief.contact(300), call_id=phone.call_id, cseq=50)
    registrar.reply(registrar.hear(), 401, "Unauthorized", CHALLENGE)
    thief.answered(401)
    thief.send(thief.contact(300))
    registrar.take()
    thief.answered(403)
    t.equal(t.metric("limen_register_flows_moved_total"), 0, "flows moved")
    # the phone itself, who moved to there
    thief.send(thief.contact(300), headers=credentials(thief))
    registrar.take()
    t.equal(contacts(thief.answered()), {phone.uri: 60}, "contacts told at the new place")
    t.equal(t.metric("limen_register_flows_moved_total"), 1, "flows moved")
    t.equal(len(registrar.aliases()), 1, "aliases at the core")
    thief.send("*", expires=0, headers=credentials(thief))
    m = registrar.take()
    t.equal(m.all("Contact"), ["*"], "Contact at the core")
    thief.answered()
