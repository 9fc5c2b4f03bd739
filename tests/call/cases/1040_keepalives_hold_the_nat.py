# SPDX-License-Identifier: Apache-2.0
"""A phone behind a NAT that forgets sooner than it registers: our keep-alives hold its binding, and it is called through it."""
import time

from lib import audio, nat, phones
from lib.registration import config

CDR = {"route": "registration", "status": 200, "ended_by": "A"}
NEEDS = nat.missing


def CONFIG(t):
    c = config(t)
    c["networks"]["access"].update(keepalive="crlf", keepalive_ms=1000)
    return c


def run(t):
    nat.create(t)
    phone, registrar = phones.registered(t, nat.endpoint(t))
    port = nat.port_of(t, "alice")
    t.check(port != 5060, "the NAT kept the port")
    time.sleep(nat.FORGOTTEN)
    pb, pa = audio.Phone(t, "callee", 950), audio.Phone(t, "home", 450, address=nat.host(t))
    pbx, callee = phones.talk(t, phone)
    pa.aim(callee.invite.sdp)
    pb.aim(pbx.early.sdp)
    audio.both(pa, pb)
    time.sleep(nat.FORGOTTEN)
    t.hang_up(pbx, callee)
    t.check(t.metric("limen_register_keepalives_total") >= 4, "keep-alives")
    t.equal(nat.port_of(t, "alice"), port, "the NAT's port")
    phone.unregister(registrar)
