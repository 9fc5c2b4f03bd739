# SPDX-License-Identifier: Apache-2.0
"""Replies that cannot be delivered where the Via says (port 0, a bad name, broadcast, ::1), each followed by its ACK.

The process lives, and nothing is sent to an address that did not send."""
from lib.dialog import Callee
from lib.message import branch
from lib.wire import Wire

VIAS = ("SIP/2.0/UDP 10.1.0.2:0", "SIP/2.0/UDP host.invalid:5060;maddr=no-such-name.invalid", "SIP/2.0/UDP 255.255.255.255:5060",
        "SIP/2.0/UDP [::1]:5060", "SIP/2.0/UDP 10.1.0.3:5060;maddr=224.0.1.75;ttl=1", "SIP/2.0/UDP 10.1.0.255:5060",
        "SIP/2.0/UDP 0.0.0.0:5060", "SIP/2.0/UDP 198.51.100.7:5060;received=198.51.100.7;rport=5060")
CDR = None


def run(t):
    t.b
    wire = Wire(t)
    for via in VIAS:
        a = t.caller()
        b = branch()
        a.call(headers=[], replace={"Via": f"{via};branch={b}", "Require": "never-heard-of"}, via_branch=b)
        a.request("ACK", cseq=a.cseq, replace={"Via": f"{via};branch={b}"})
        a = t.caller()
        b = branch()
        a.call(replace={"Via": f"{via};branch={b}"}, via_branch=b)
        a.request("ACK", cseq=a.cseq, replace={"Via": f"{via};branch={b}"})
    t.a.gather(0.2)
    t.check(t.limen.alive(), "limen has died")
    for m in t.b.gather(0.2, "INVITE"):
        c = Callee(t.b, m)
        c.reply(486, "Busy Here")
        c.expect("ACK")
    t.a.gather(0.3)
    allowed = {t.addr("caller", 2), t.addr("callee", 2)}
    for device, src, dst, proto, sport, dport, payload in wire.read():
        t.check(dst in allowed, f"a packet left to {dst}:{dport} ({device}): {payload[:60]!r}")
    t.wait_metric("limen_calls", 0)
    t.a.gather(2.0)  # refusals go on being repeated: their ACKs were of no use
