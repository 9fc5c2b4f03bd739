# SPDX-License-Identifier: Apache-2.0
"""A registered phone calls, its connection breaks, it registers by a new one: BYE and re-INVITE go there, whichever
worker has the call and whichever its registration."""
from lib import phones
from lib.message import audio
from lib.registration import config

CONFIG = config
OUTBOUND = {"instance": "00000000-0000-1000-8000-000A95A0E128", "reg_id": 1}
CDR = [{"status": 200, "ended_by": "B", "verdict": ...} for _ in range(6)]


def run(t):
    phone, registrar = phones.registered(t, t.a_tcp, **OUTBOUND)
    # by chance on several workers
    for i in range(6):
        a = t.caller(t.a_tcp, user="alice")
        a.local = f"<sip:alice@{phone.domain}>"
        a.call()
        b = t.callee()
        b.reply(180, "Ringing")
        a.expect(180)
        b.ok(sdp=b.sdp())
        a.answered()
        b.expect("ACK")
        for s in list(t.a_tcp.conns):
            t.a_tcp.drop(s)
        t.wait_metric("limen_sip_connections", 0)
        phones.register(phone, registrar)
        t.wait_metric("limen_flows_moved_total", i + 1)
        if i % 2:
            b.request("INVITE", b.sdp(audio(way="sendonly"), version=2))
            a.expect("INVITE")
            a.ok(sdp=a.sdp(audio(way="recvonly"), version=2))
            b.expect("200 INVITE")
            b.ack()
            a.expect("ACK")
        t.hang_up(b, a)
        t.wait_metric("limen_legs", 0)
    phone.unregister(registrar)
