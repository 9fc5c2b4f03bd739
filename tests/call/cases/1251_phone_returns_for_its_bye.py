# SPDX-License-Identifier: Apache-2.0
"""A phone's connection is gone when a BYE, a re-INVITE or an INFO is for it: they wait for it to register again."""
from lib import phones
from lib.message import audio
from lib.registration import config

CONFIG = config
OUTBOUND = {"instance": "00000000-0000-1000-8000-000A95A0E128", "reg_id": 1}
CDR = [{"route": "registration", "status": 200, "ended_by": "A", "verdict": ...} for _ in range(3)] + [
    {"route": "registration", "status": 200, "ended_by": "limen", "cause": "far dialog gone", "verdict": ...}]


def break_all(t):
    for s in list(t.a_tcp.conns):
        t.a_tcp.drop(s)
    t.wait_metric("limen_sip_connections", 0)


def run(t):
    phone, registrar = phones.registered(t, t.a_tcp, **OUTBOUND)

    # BYE
    pbx, callee = phones.talk(t, phone)
    break_all(t)
    pbx.bye()
    pbx.expect("200 BYE")
    phones.register(phone, registrar)
    callee.expect("BYE")
    callee.ok()

    # re-INVITE
    pbx, callee = phones.talk(t, phone)
    break_all(t)
    pbx.request("INVITE", pbx.sdp(audio(way="sendonly"), version=2))
    phones.register(phone, registrar)
    m = callee.expect("INVITE")
    callee.ok(sdp=callee.sdp(audio(way="recvonly"), version=2))
    pbx.answered()
    callee.expect("ACK")
    t.check(b"a=sendonly" in m.raw, "offer")

    # INFO, which says that it may be asked again, and finds the phone where it has registered since
    break_all(t)
    pbx.request("INFO", ctype="application/dtmf-relay", body="Signal=1\r\n")
    t.check(pbx.expect("500 INFO")["Retry-After"], "Retry-After")
    phones.register(phone, registrar)
    pbx.request("INFO", ctype="application/dtmf-relay", body="Signal=1\r\n")
    callee.expect("INFO")
    callee.ok()
    pbx.expect("200 INFO")
    t.hang_up(pbx, callee)

    # the caller's CANCEL, and its BYE, end the wait of a re-INVITE
    pbx, callee = phones.talk(t, phone)
    break_all(t)
    pbx.request("INVITE", pbx.sdp(audio(way="sendonly"), version=2))
    pbx.expect(100)
    pbx.cancel()
    m, _ = pbx.expect_each("487 INVITE", "200 CANCEL")
    pbx.ack_refusal(m)
    pbx.request("INVITE", pbx.sdp(audio(way="sendonly"), version=2))
    pbx.expect(100)
    pbx.bye()
    m, _ = pbx.expect_each("487 INVITE", "200 BYE")
    pbx.ack_refusal(m)
    phones.register(phone, registrar)
    callee.expect("BYE")
    callee.ok()

    # for 64*T1 alone
    pbx, callee = phones.talk(t, phone)
    break_all(t)
    pbx.request("INVITE", pbx.sdp(audio(way="sendonly"), version=2))
    pbx.ack_refusal(pbx.expect("408 INVITE"))
    pbx.expect("BYE")
    pbx.ok()
    t.wait_metric("limen_legs", 0, within=8.0)
    phones.register(phone, registrar)
    phone.unregister(registrar)
