# SPDX-License-Identifier: Apache-2.0
"""`limen reg list`, `show` and `remove` tell and take away a registered contact; nobody of a name is said to be nobody."""
import json

from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    return config(t, expires_phone=60, expires_core=3600)


def run(t):
    t.equal(json.loads(t.limen.command("reg", "list", "--json"))["bindings"], [], "registrations at the start")
    registrar, phone = Registrar(t.b), Phone(t.a)
    phone.send(phone.contact(300))
    registrar.take()
    phone.answered()
    alias = registrar.aliases()[0]
    listed = json.loads(t.limen.command("reg", "list", "--json"))
    t.equal([listed["total"], len(listed["bindings"]), listed["next"]], [1, 1, None], "the list of one")
    b = listed["bindings"][0]
    t.equal([b["alias"], b["contact"], b["state"], b["transport"], b["network"]],
            [alias, phone.uri, "live", "udp", "access"], "the contact")
    t.check(50000 < b["expires_ms"] <= 60000 and b["core_expires_ms"] > 3500000, f"when it runs out: {b}")
    shown = t.limen.command("reg", "show", b["aor"])
    for word in (b["aor"], alias, phone.uri, "live"):
        t.check(word in shown, f"{word} is not in what is shown: {shown}")
    t.check(b["aor"] in t.limen.command("reg", "list"), "the table")
    t.check("nobody of this name" in t.limen.command("reg", "show", "nobody@nowhere.example", status=1), "nobody")
    t.check("removed 1 contacts" in t.limen.command("reg", "remove", b["aor"]), "it does not say so")
    t.wait_metric("limen_registrations", 0)
    t.check("nobody of this name" in t.limen.command("reg", "remove", b["aor"], status=1), "removed twice")
