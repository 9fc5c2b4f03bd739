# SPDX-License-Identifier: Apache-2.0
"""A registered phone calls the PBX: its name is in the record; under another name it is carried, counted and logged."""
from lib import phones
from lib.registration import config

CONFIG = config


def CDR(t):
    call = {"route": "phones", "status": 200, "a.peer": None, "b.peer": "callee", "b.aor": None}
    return [{**call, "a.aor": f"alice@{t.a.limen[0]}"}, {**call, "a.aor": None}, {**call, "a.aor": None}]


def run(t):
    phone, registrar = phones.registered(t)
    stranger = t.endpoint("caller", 3, name="caller3")
    for user, ep in (("alice", t.a), ("mallory", t.a), ("alice", stranger)):
        a = t.caller(ep, user=user)
        a.call(replace={"From": f"<sip:{user}@{phone.domain}>;tag={a.local_tag}"})
        b = t.callee()
        b.reply(180, "Ringing")
        a.expect(180)
        b.ok(sdp=b.sdp())
        a.local = f"<sip:{user}@{phone.domain}>"
        a.answered()
        b.expect("ACK")
        t.hang_up(b, a)
    t.equal(t.metric("limen_phone_from_differs_total"), 1, "other names")
    t.wait_log("WARN phone calls under another name than it registered.*from=mallory")
    phone.unregister(registrar)
