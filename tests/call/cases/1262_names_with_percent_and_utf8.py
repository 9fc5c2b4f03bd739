# SPDX-License-Identifier: Apache-2.0
"""auth: limen: accounts a%b, a%40b, a@b and of UTF-8 log in by every spelling of their name in a URI, none by another's; a name has one registration however it is spelled."""
from urllib.parse import unquote

from lib.digest import Login, accounts, asking
from lib.registration import Phone, Registrar

CDR = []
SPELLED = {"a%b": ("a%25b", "%61%25b"), "a%40b": ("a%2540b",), "a%2540b": ("a%252540b",), "a@b": ("a%40b",),
           "jürgen": ("j%C3%BCrgen", "j%c3%bcrgen"), "ab": ("ab",), "a.b": ("a.b", "a%2Eb")}


def CONFIG(t):
    c = asking(t)
    c["routes"].insert(0, {"match": {"network": "access", "method": "INVITE"}, "deny": {"code": 488}})
    c["accounts"]["file"] = accounts(t, *((n, "secret of " + n) for n in SPELLED))
    return c


def calls(t, name, spelling, status):
    d = t.caller(user=spelling)
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    login = Login(name, "secret of " + name).challenged(m)
    d.call(headers=[login.header("INVITE", d.target)])
    d.refused(status)


def registers(t, core, name, spelling, ok=True, expires=600):
    phone = Phone(t.a, spelling, contact=f"sip:x@{t.a.here}")
    phone.send()
    login = Login(name, "secret of " + name).challenged(phone.answered(401))
    phone.send(expires=expires, headers=[login.header("REGISTER", f"sip:{phone.domain}")])
    if ok:
        m = core.take()
        t.equal(unquote(m["To"].partition("sip:")[2].partition("@")[0]), name, "the user of To at the core")
    phone.answered(200 if ok else 403)


def run(t):
    core = Registrar(t.b)
    n = 0
    for name, spellings in SPELLED.items():
        for spelling in spellings:
            calls(t, name, spelling, 488)
            n += 1
    t.equal(t.metric("limen_login_ok_total"), n, "logins")
    # nobody is anybody else
    for name, other in ("a%40b", "a@b"), ("a@b", "a%40b"), ("a%2540b", "a%40b"), ("a%40b", "a%2540b"), ("ab", "a.b"), ("a%b", "ab"):
        calls(t, name, SPELLED[other][0], 403)
    # what a digest names is no URI: nothing of it is decoded (RFC 7616 §3.4)
    d = t.caller(user="a%40b")
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    d.call(headers=[Login("a%40b", "secret of a@b").challenged(m).header("INVITE", d.target)])
    d.refused(403)

    for name in ("a%b", "jürgen", "a.b"):
        for spelling in SPELLED[name]:
            registers(t, core, name, spelling)
            t.equal(t.metric("limen_registrations"), 1, "registrations")
            if "%" not in name:
                _, answer = t.limen.rpc("ul.lookup", aor=f"{name}@{t.a.limen[0]}")
                t.equal(len(answer["result"]["bindings"]), 1, "found by its name")
        registers(t, core, name, SPELLED[name][0], expires=0)
    registers(t, core, "a@b", "a%2540b", ok=False)
    registers(t, core, "ab", "a.b", ok=False)
