# SPDX-License-Identifier: Apache-2.0
"""auth: limen on two networks: a user of both realms has two passwords, a user of one gets into that one alone, and a nonce is good on its own network only."""
from lib.digest import Login, accounts, asking

CDR = []
REALMS = {"access": "phones.example", "core": "branch.example"}


def CONFIG(t):
    c = asking(t)
    c["networks"]["core"] = {"unknown": "accept", "source_rate": 0, "auth": "limen", "realm": REALMS["core"]}
    c["peers"]["callee"] = None
    c["routes"] = [{"name": n, "match": {"network": n}, "deny": {"code": code}} for n, code in (("access", 488), ("core", 404))]
    c["accounts"]["file"] = accounts(t, ("alice", "of the phone"))
    with open(c["accounts"]["file"], "a") as f:
        f.write("".join(f"{u}:{REALMS['core']}:plain:{p}\n" for u, p in (("alice", "of the branch"), ("bob", "of bob"))))
    return c


def ask(t, side, user, password):
    d = t.caller(t.a if side == "access" else t.b, user=user)
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    t.check(f'realm="{REALMS[side]}"' in m["Proxy-Authenticate"], "realm")
    return d, Login(user, password).challenged(m)


def tried(t, side, user, password, status):
    d, login = ask(t, side, user, password)
    d.call(headers=[login.header("INVITE", d.target)])
    d.refused(status)


def run(t):
    tried(t, "access", "alice", "of the phone", 488)
    tried(t, "core", "alice", "of the branch", 404)
    tried(t, "access", "alice", "of the branch", 403)
    tried(t, "core", "bob", "of bob", 404)
    tried(t, "access", "bob", "of bob", 403)
    t.equal(t.metric("limen_login_forbidden_total"), 2, "wrong credentials")

    _, login = ask(t, "access", "alice", "of the phone")
    d, _ = ask(t, "core", "alice", "of the branch")
    d.call(headers=[login.header("INVITE", d.target)])  # of the other realm: as good as none
    m = d.refused(407)
    t.check("stale" not in m["Proxy-Authenticate"], "asked anew")
    login.given["realm"], login.password = REALMS["core"], "of the branch"
    d.call(headers=[login.header("INVITE", d.target)])  # right, but for where its nonce is from
    m = d.refused(407)
    t.check("stale=true" in m["Proxy-Authenticate"], "stale")
    t.equal(t.metric("limen_login_nonce_foreign_total"), 1, "nonces of elsewhere")
