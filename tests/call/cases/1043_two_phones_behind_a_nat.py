# SPDX-License-Identifier: Apache-2.0
"""Two phones behind one masquerading NAT call each other by way of the PBX, and hear each other through Limen."""
from lib import audio, nat, phones
from lib.dialog import Callee, Caller
from lib.registration import config

CDR = [{"status": 200, "ended_by": "B", "a.peer": ...} for _ in range(2)]
CONFIG = config
NEEDS = nat.missing


def run(t):
    nat.create(t)
    alice, registrar = phones.registered(t, nat.endpoint(t, 2, name="caller.alice"))
    bob, _ = phones.registered(t, nat.endpoint(t, 3, name="caller.bob"), user="bob", registrar=registrar)
    t.check(nat.port_of(t, "alice") != nat.port_of(t, "bob"), "one port for two phones")
    host = t.limen_at("callee")[0]
    host = f"[{host}]" if ":" in host else host
    pbx = phones.Hop(t.b, {"bob": f"sip:{bob.alias}@{host}"})
    pa = audio.Phone(t, "home", 450, address=nat.host(t, 2))
    pb = audio.Phone(t, "home", 950, address=nat.host(t, 3))
    a = Caller(alice.ep, to="bob")
    a.local = f"<sip:alice@{alice.domain}>"
    a.call(a.sdp())
    pbx.pass_on("INVITE")
    b = Callee(bob.ep, bob.ep.expect("INVITE"))
    b.ok(sdp=b.sdp())
    pbx.pass_on(200)
    early = a.answered()
    pbx.pass_on("ACK")
    b.expect("ACK")
    pa.aim(early.sdp)
    pb.aim(b.invite.sdp)
    audio.both(pa, pb)
    b.bye()
    pbx.pass_on("BYE")
    a.expect("BYE")
    a.ok()
    pbx.pass_on("200 BYE")
    b.expect("200 BYE")
    records = audio.records(t, 2)
    t.equal({(r["a"]["aor"], r["b"]["aor"]) for r in records},
            {(f"alice@{t.limen_at('caller')[0]}", None), (None, f"bob@{t.limen_at('caller')[0]}")}, "names in the records")
    alice.unregister(registrar)
    bob.unregister(registrar)
