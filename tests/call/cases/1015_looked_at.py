# SPDX-License-Identifier: Apache-2.0
"""An operator looks at registrations, in pages, and removes one: the phone's next REGISTER goes to the core."""
from lib.registration import Phone, Registrar, config, contacts

CDR = []
CONFIG = config


def ask(t, method, **params):
    status, answer = t.limen.rpc(method, **params)
    t.equal(status, 200, f"{method}, status")
    return answer["result"]


def run(t):
    registrar = Registrar(t.b)
    phones = [Phone(t.a, f"user{i}") for i in range(7)]
    for p in phones:
        p.send()
        registrar.take()
        p.answered()
    seen, after = [], ""
    for _ in range(3):
        page = ask(t, "ul.dump", limit=3, **({"after": after} if after else {}))
        t.equal(page["total"], 7, "total")
        seen += page["bindings"]
        after = page["next"]
    t.equal(after, None, "after the last page")
    t.equal(sorted(b["alias"] for b in seen), sorted(registrar.aliases()), "aliases")
    t.equal([b["alias"] for b in ask(t, "ul.dump", limit=10)["bindings"]], [b["alias"] for b in seen], "the same in one page")
    _, answer = t.limen.rpc("ul.dump", after="nobody's alias")
    t.check("next" in answer["error"]["data"], f"after what is no alias: {answer}")
    aor = f"user3@{t.limen_at('caller')[0]}"
    one = ask(t, "ul.lookup", aor=aor)["bindings"]
    t.equal([b["contact"] for b in one], [phones[3].uri], "contacts looked up")
    t.equal(one[0]["state"], "live", "state")
    ask(t, "ul.rm", aor=aor)
    t.equal(t.metric("limen_registrations"), 6, "registrations")
    phones[3].send()
    registrar.take()
    t.equal(contacts(phones[3].answered()), {phones[3].uri: 60}, "told to the phone that was removed")
    for p in phones:
        p.unregister(registrar)
