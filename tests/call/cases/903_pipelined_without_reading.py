# SPDX-License-Identifier: Apache-2.0
"""INVITE and ACK pipelined over TCP by a peer that reads nothing and closes: the process lives, nothing is left."""
from lib.dialog import Callee
from lib.message import branch

CDR = None
SETTLE = 9


def run(t):
    t.b
    ep = t.a_tcp
    for via in ("SIP/2.0/TCP 10.1.0.2:0", "SIP/2.0/TCP x.invalid:5060;maddr=no-such-name.invalid", "SIP/2.0/TCP [::1]:5060"):
        s = ep.connect(False)
        for _ in range(5):
            a = t.caller(ep)
            b = branch()
            one = a.call(send=False, replace={"Via": f"{via};branch={b}"}, via_branch=b)
            two = a.request("ACK", cseq=a.cseq, replace={"Via": f"{via};branch={b}"}, send=False)
            s.sendall(one + two)
        ep.drop(s)
    for m in t.b.gather(0.3, "INVITE"):
        c = Callee(t.b, m)
        c.reply(486, "Busy Here")
        c.expect("ACK")
    t.check(t.limen.alive(), "limen has died")
