# SPDX-License-Identifier: Apache-2.0
"""Strangers fill what may be under way: phones whose NAT gave them another port are known by address and contact or instance; a neighbour who forges that spends one AoR's part alone."""
from lib import crowd
from lib.registration import Phone, config

CDR = []
VARIANTS = ["v4", "v6"]  # the bound is one worker's
INSTANCE = "00000000-0000-1000-8000-000a95a0e128"


def CONFIG(t):
    return config(t, pending=8)


def run(t):
    bob = Phone(t.endpoint("caller", port=5062, name="bob"), "bob", instance=INSTANCE)
    registrar, [alice, bob] = crowd.registered(t, bob)
    ep, strangers, asked = crowd.under_way(t, registrar)
    # a name alone, at the phone's address; name and contact, from elsewhere
    neighbour = t.endpoint("caller", port=5066, name="neighbour")
    for p in (Phone(neighbour), Phone(neighbour, contact="sip:alice@192.0.2.5"),
              Phone(neighbour, "bob", instance=INSTANCE.replace("a", "b")), Phone(neighbour, "user0", contact=alice.uri)):
        p.send()
        p.answered(503)
    elsewhere = Phone(ep, contact=alice.uri)
    elsewhere.send()
    elsewhere.answered(403)
    crowd.kept(t, 0)
    # a neighbour forges what alice's phone says from a new port; four times, and what that AoR has is spent
    forger = Phone(neighbour, contact=alice.uri)
    for _ in range(4):
        forger.send()
        registrar.reply(registrar.hear(), 403, "Forbidden")
        forger.answered(403)
    crowd.kept(t, 4)
    forger.send()
    forger.answered(503)
    # but not that of her own flow, nor anybody else's
    crowd.started_anew(registrar, alice)
    moved = Phone(t.endpoint("caller", port=5072, name="moved"), "bob", instance=INSTANCE)  # another contact, too
    moved.send()
    registrar.take()
    moved.answered()
    crowd.kept(t, 6)
    crowd.answered(registrar, strangers, asked)
    for p in [alice, bob, moved, *strangers]:
        p.unregister(registrar)
