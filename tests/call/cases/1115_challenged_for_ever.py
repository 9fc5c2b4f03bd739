# SPDX-License-Identifier: Apache-2.0
"""A registrar that is never content: each 401 crosses to the phone, which may go on for as long as it likes, and nothing of
it stays here; for itself Limen answers twice, and the phone hears that it was not let in."""
from lib.digest import Login, Verifier
from lib.registration import Phone, Registrar, config

CDR = []
ROUNDS = 12


def CONFIG(t):
    c = config(t)
    c["networks"]["access"]["auth"] = "relay"
    c["networks"]["core"] = {"auth": "none"}
    c["peers"]["callee"] = {"auth": "relay"}
    host = f"[{t.addr('callee', 3)}]" if t.v6 else t.addr("callee", 3)
    c["peers"]["second"] = {"network": "core", "targets": f"udp:{host}:5060", "auth": "none",
                            "credentials": {"user": "limen", "password": "x"}}
    c["routes"].insert(0, {"name": "second", "match": {"network": "access", "to": "exact:bob"}, "target": "second"})
    return c


def run(t):
    registrar, phone, verifier = Registrar(t.b), Phone(t.a), Verifier(proxy=False)
    login, headers = Login("alice", "wrong"), ()
    for i in range(ROUNDS):
        phone.send(phone.contact(300), headers=headers)
        registrar.reply(registrar.hear(), 401, "Unauthorized", [verifier.challenge(stale=i % 2)])
        login.challenged(phone.answered(401), "MD5")
        headers = [login.header("REGISTER", f"sip:{phone.domain}")]
    t.equal(t.metric("limen_register_challenged_total"), ROUNDS, "challenges")
    t.equal((t.metric("limen_registrations"), t.metric("limen_registrations_aors")), (0, 0), "registrations")
    t.wait_metric("limen_registrations_pending", 0)

    second, bob = Registrar(t.endpoint("callee", host=3, name="second")), Phone(t.a, "bob")
    for stale in (False, True):
        bob.send(bob.contact(300))
        second.reply(second.hear(), 401, "Unauthorized", [verifier.challenge()])
        asked = 1
        while True:
            second.ep.pump(0.5)
            if not second.ep.inbox:
                break
            second.reply(second.hear(), 401, "Unauthorized", [verifier.challenge(stale=stale)])
            asked += 1
        t.check(asked <= 3, f"asked {asked} times")
        bob.answered(403)
    t.wait_metric("limen_registrations_pending", 0)
