# SPDX-License-Identifier: Apache-2.0
"""The PBX calls a registered phone by its alias: down its flow, by the phone's own URI; either side hangs up."""
from lib import phones
from lib.registration import config

CONFIG = config


def CDR(t):
    both = {"route": "registration", "status": 200, "cause": "bye", "a.peer": "callee", "a.aor": None, "b.peer": None,
            "b.network": "access", "b.aor": f"alice@{t.a.limen[0]}", "attempts": [("registration", 200)]}
    return [{**both, "ended_by": "A"}, {**both, "ended_by": "B"}]


def run(t):
    phone, registrar = phones.registered(t, user="al%69ce", contact="sip:line1@192.168.0.7:5062;ob")
    for first in ("pbx", "phone"):
        pbx, callee = phones.ring(t, phone)
        invite = callee.invite
        t.equal(invite.start.split()[1], phone.uri, "Request-URI")
        t.check(f"<sip:alice@{phone.domain}:5060>" in invite["To"], "To: " + invite["To"])
        t.check(f"sip:030111@{phone.domain}" in invite["From"], "From: " + invite["From"])
        t.check(phone.domain in invite["Contact"], "Contact: " + invite["Contact"])
        phones.answer(t, pbx, callee)
        t.hang_up(*((pbx, callee) if first == "pbx" else (callee, pbx)))
    t.wait_log(r"call begun .*route=registration.*aor=alice@")
    t.equal(t.metric("limen_phone_calls_total"), 2, "calls towards phones")
    phone.unregister(registrar)
