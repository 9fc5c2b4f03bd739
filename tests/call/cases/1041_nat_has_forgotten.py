# SPDX-License-Identifier: Apache-2.0
"""A NAT has forgotten a phone that nothing held open: the caller hears 480 at once; from its new port it is called again."""
import time

from lib import nat, phones
from lib.registration import config

CDR = [{"route": "registration", "status": 480, "b.aor": ...}, {"route": "registration", "status": 200, "ended_by": "B"}]
NEEDS = nat.missing


def CONFIG(t):
    c = config(t)
    c["networks"]["access"]["keepalive"] = "none"
    c["peers"]["callee"] = {"try_ms": 400}
    return c


def run(t):
    nat.create(t)
    phone, registrar = phones.registered(t, nat.endpoint(t))
    port = nat.port_of(t, "alice")
    time.sleep(nat.FORGOTTEN)
    phones.refused(t, phone.alias, 480, within=1.0)
    t.equal(t.metric("limen_registrations_live"), 0, "phones that can be reached")
    t.equal(phones.register(phone, registrar), phone.alias, "alias of the phone that came back")
    t.check(nat.port_of(t, "alice") != port, "the NAT has not forgotten")
    pbx, callee = phones.talk(t, phone)
    t.hang_up(callee, pbx)
    phone.unregister(registrar)
