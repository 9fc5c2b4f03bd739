# SPDX-License-Identifier: Apache-2.0
"""Two phones at one NAT address call each other by way of the PBX, a proxy: one Call-ID through Limen twice, tones both ways."""
from lib import audio, phones
from lib.dialog import Callee
from lib.registration import config

CONFIG = config


def CDR(t):
    return [{"status": 200, "ended_by": "A", "a.peer": ...} for _ in range(2)]


def run(t):
    alice, registrar = phones.registered(t)
    bob, _ = phones.registered(t, t.endpoint("caller", 2, 5062, name="caller.bob"), user="bob", registrar=registrar)
    host = t.limen_at("callee")[0]
    host = f"[{host}]" if ":" in host else host
    pbx = phones.Hop(t.b, {"bob": f"sip:{bob.alias}@{host}"})
    pa, pb = audio.Phone(t, "caller", 450), audio.Phone(t, "caller", 950, port=4010)
    a = t.caller(t.a, to="bob")
    a.call(a.sdp())
    first = pbx.pass_on("INVITE")
    b = Callee(bob.ep, bob.ep.expect("INVITE"))
    t.check(first.call_id not in b.invite.raw.decode(), "the Call-ID at the core is seen")
    b.reply(180, "Ringing")
    pbx.pass_on(180)
    a.expect(180)
    b.media_port = 4010
    b.ok(sdp=b.sdp().replace("m=audio 4000", "m=audio 4010"))
    ok = pbx.pass_on(200)
    t.equal(ok.call_id, first.call_id, "Call-ID of both passes")
    a.early = a.answered()
    pbx.pass_on("ACK")
    b.expect("ACK")
    pa.aim(a.early.sdp)
    pb.aim(b.invite.sdp)
    audio.both(pa, pb)
    t.equal(t.metric("limen_calls"), 2, "calls")
    a.bye()
    pbx.pass_on("BYE")
    b.expect("BYE")
    b.ok()
    pbx.pass_on("200 BYE")
    a.expect("200 BYE")
    t.equal(t.metric('limen_rejects_total{reason="loop"}'), 0, "loops")
    alice.unregister(registrar)
    bob.unregister(registrar)
