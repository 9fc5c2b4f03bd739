# SPDX-License-Identifier: Apache-2.0
"""A NAT gives a phone other ports in mid-call, for signalling and audio: both are followed, on evidence; the BYE arrives."""
import time

from lib import audio, nat, phones
from lib.registration import config

CDR = {"route": "registration", "status": 200, "ended_by": "A"}
NEEDS = nat.missing


def CONFIG(t):
    c = config(t)
    c["networks"]["access"]["keepalive"] = "none"
    return c


def run(t):
    nat.create(t)
    phone, registrar = phones.registered(t, nat.endpoint(t))
    pb, pa = audio.Phone(t, "callee", 950), audio.Phone(t, "home", 450, address=nat.host(t))
    pbx, callee = phones.talk(t, phone)
    pa.aim(callee.invite.sdp)
    pb.aim(pbx.early.sdp)
    audio.both(pa, pb)
    time.sleep(nat.FORGOTTEN)
    # the phone goes on where it was, from another port of the NAT
    audio.flow(0.3, pa)
    pb.heard(), pa.heard()
    audio.both(pa, pb)
    t.wait_log("media source moved.* leg=B .*rtp continued")
    t.equal(t.metric('limen_media_moves_total{evidence="rtp_continued"}'), 1, "moves")
    callee.request("INFO", ctype="application/dtmf-relay", body="Signal=1\r\n")
    pbx.expect("INFO")
    pbx.ok()
    callee.expect("200 INFO")
    t.wait_log(r"flow moved .*leg=b")
    t.hang_up(pbx, callee)
    # and the phone that registers from there is who it was
    t.equal(phones.register(phone, registrar), phone.alias, "alias")
    phone.unregister(registrar)
