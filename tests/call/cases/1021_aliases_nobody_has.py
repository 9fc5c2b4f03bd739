# SPDX-License-Identifier: Apache-2.0
"""Aliases that are forged, gone, or another network's: 404, all alike; a phone that dials one is routed as ever."""
from lib import phones
from lib.registration import config

CDR = []


def CONFIG(t):
    c = config(t)
    # a carrier beside the PBX: no phone registers with it, though it stands on a network of ours
    c["networks"]["trunk"] = {"listen": [f"udp:{t.addr('callee', 1)}:5070".replace("udp:fd", "udp:[fd").replace("::1:5070", "::1]:5070")],
                              "media": {"address": [t.addr("callee", 1)], "ports": "31000-31099"}}
    c["peers"]["carrier"] = {"network": "trunk", "targets": [t.addr("callee", 3)], "sources": [t.addr("callee", 3)]}
    c["routes"].insert(0, {"name": "dialled", "match": {"network": "access", "method": "INVITE"}, "deny": {"code": 484}})
    return c


def run(t):
    phone, registrar = phones.registered(t)
    forged = ("b" if phone.alias[0] == "a" else "a") + phone.alias[1:]
    phones.refused(t, forged, 404)
    t.equal(t.metric("limen_register_aliases_forged_total"), 1, "forged")
    carrier = t.endpoint("callee", 3, name="carrier")
    carrier.limen = t.limen_at("callee", 5070)
    c = t.caller(carrier, to=phone.alias)
    c.call()
    c.refused(404)
    a = t.caller(t.a, to=phone.alias)
    a.call()
    a.refused(484)
    t.a.expect_quiet(0.1)
    phone.unregister(registrar)
    phones.refused(t, phone.alias, 404)
    t.equal(t.metric("limen_register_aliases_unknown_total"), 1, "unknown")
    # as short as a name, or of other letters: somebody's user part
    phones.refused(t, phone.alias[1:], 404)
    phones.refused(t, phone.alias.upper(), 404)
    t.equal(t.metric('limen_rejects_total{reason="alias"}'), 3, "refused for their alias")
