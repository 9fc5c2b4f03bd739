# SPDX-License-Identifier: Apache-2.0
"""auth: limen, REGISTER: 401, then relayed without its credentials; refreshes are asked for as well and absorbed; another's AoR is 403."""
from lib.digest import Login, asking
from lib.registration import Phone, Registrar

CONFIG = asking
CDR = []


def asked(phone, login):
    phone.send()
    return login.challenged(phone.answered(401))


def run(t):
    t.a
    core, phone = Registrar(t.b), Phone(t.a)
    login = asked(phone, Login("alice", "secret of alice"))

    def send(expires=600):
        phone.send(expires=expires, headers=[login.header("REGISTER", f"sip:{phone.domain}")])

    send()
    m = core.take()
    t.equal(m["Authorization"], "", "credentials across")
    phone.answered()
    send()
    phone.answered()  # the core is not asked
    t.equal(t.metric("limen_register_absorbed_total"), 1, "absorbed")
    t.equal(t.metric("limen_register_relayed_total"), 1, "relayed")

    phone.send(expires=600)  # a refresh from where the phone is, by who has no password
    phone.answered(401)
    phone.send(to="bob", headers=[login.header("REGISTER", f"sip:{phone.domain}")])
    phone.answered(403)
    t.wait_log("why=other_user")
    # the same user from elsewhere: it has shown who it is
    moved = Phone(t.endpoint("caller", host=3), contact=phone.uri)
    there = asked(moved, Login("alice", "secret of alice"))
    moved.send(expires=0, headers=[there.header("REGISTER", f"sip:{phone.domain}")])
    core.take()
    moved.answered()
