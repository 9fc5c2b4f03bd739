# SPDX-License-Identifier: Apache-2.0
"""kill -9 in a call of a registered phone: the next process knows whose it is; the BYE goes down the flow."""
from lib import kept, phones
from lib.registration import config


def CONFIG(t):
    return {**config(t), **kept.config(t)}


def CDR(t):
    return {"route": "registration", "status": 200, "ended_by": "A", "b.network": "access", "b.peer": None,
            "b.aor": f"alice@{t.a.limen[0]}", "attempts": [("registration", 200)], "verdict": ...}


def run(t):
    phone, registrar = phones.registered(t)
    pbx, callee = phones.talk(t, phone)
    kept.again(t)
    t.hang_up(pbx, callee)
    # the registration is there, too: a refresh is not the registrar's affair
    phone.send(phone.contact(300))
    phone.answered()
    phone.unregister(registrar)
