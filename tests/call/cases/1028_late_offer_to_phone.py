# SPDX-License-Identifier: Apache-2.0
"""The PBX calls a phone without an offer: the phone offers, the PBX answers in its ACK; another call is cancelled."""
from lib import audio, phones
from lib.registration import config

CONFIG = config
CDR = [{"route": "registration", "status": 200, "ended_by": "A"},
       {"route": "registration", "status": 487, "ended_by": "A", "b.aor": ...}]


def run(t):
    phone, registrar = phones.registered(t)
    pb, pa = audio.Phone(t, "callee", 950), audio.Phone(t, "caller", 450)
    pbx, callee = phones.ring(t, phone, body="")
    t.check(not callee.invite.body, "there is an offer")
    callee.ok(sdp=callee.sdp())
    offer = pbx.expect(200)
    pbx.ack(pbx.sdp())
    ack = callee.expect("ACK")
    pb.aim(offer.sdp)
    pa.aim(ack.sdp)
    audio.both(pa, pb)
    t.hang_up(pbx, callee)
    pbx, callee = phones.ring(t, phone)
    callee.reply(180, "Ringing")
    pbx.expect(180)
    pbx.cancel()
    pbx.expect("200 CANCEL")
    callee.expect("CANCEL")
    callee.ok()
    callee.reply(487, "Request Terminated", to=callee.invite)
    callee.expect("ACK")
    pbx.refused(487)
    phone.unregister(registrar)
