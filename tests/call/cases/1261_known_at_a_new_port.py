# SPDX-License-Identifier: Apache-2.0
"""Strangers fill what may be under way: phones whose NAT gave them another port are known by address and contact or instance; a neighbour who forges that spends one AoR's part alone."""
from lib.registration import Phone, Registrar, config

CDR = []
VARIANTS = ["v4", "v6"]  # the bound is one worker's
INSTANCE = "00000000-0000-1000-8000-000a95a0e128"


def CONFIG(t):
    return config(t, pending=8)


def run(t):
    registrar, alice = Registrar(t.b), Phone(t.a)
    bob = Phone(t.endpoint("caller", port=5062, name="bob"), "bob", instance=INSTANCE)
    for p in (alice, bob):
        p.send()
        registrar.take()
        p.answered()
    ep = t.endpoint("caller", host=3, name="strangers")
    strangers = [Phone(ep, f"user{i}") for i in range(6)]
    for s in strangers:
        s.send()
    asked = [registrar.hear() for _ in strangers]

    def kept(n):
        t.equal(t.metric("limen_register_kept_share_total"), n, "by the share that is kept")

    # a name alone, at the phone's address; name and contact, from elsewhere
    neighbour = t.endpoint("caller", port=5066, name="neighbour")
    for p in (Phone(neighbour), Phone(neighbour, contact="sip:alice@192.0.2.5"),
              Phone(neighbour, "bob", instance=INSTANCE.replace("a", "b")), Phone(neighbour, "user0", contact=alice.uri)):
        p.send()
        p.answered(503)
    elsewhere = Phone(ep, contact=alice.uri)
    elsewhere.send()
    elsewhere.answered(403)
    kept(0)
    # a neighbour forges what alice's phone says from a new port; four times, and what that AoR has is spent
    forger = Phone(neighbour, contact=alice.uri)
    for _ in range(4):
        forger.send()
        registrar.reply(registrar.hear(), 403, "Forbidden")
        forger.answered(403)
    kept(4)
    forger.send()
    forger.answered(503)
    # but not that of her own flow, nor anybody else's
    alice.call_id += "x"
    alice.send()
    registrar.take()
    alice.answered()
    moved = Phone(t.endpoint("caller", port=5072, name="moved"), "bob", instance=INSTANCE)  # another contact, too
    moved.send()
    registrar.take()
    moved.answered()
    kept(6)
    for m in asked:
        registrar.accept(m)
    for s in strangers:
        s.answered()
    for p in [alice, bob, moved, *strangers]:
        p.send(expires=0)
        registrar.take()
        p.answered()
