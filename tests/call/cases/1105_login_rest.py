# SPDX-License-Identifier: Apache-2.0
"""auth: limen: OPTIONS for a user is asked, OPTIONS for us not; peers are not asked; within a dialog nobody is; a reload of accounts counts at once, one with faults is refused."""
import signal

from lib.dialog import Callee
from lib.digest import Login, accounts, asking
from lib.message import branch, host_port, text, token

CDR = {"status": 200, "cause": "bye"}
ERRORS = "reload"


def CONFIG(t):
    c = asking(t)
    c["peers"]["trunk"] = {"network": "access", "targets": [f"udp:{host_port(t.addr('caller', 4), 5060)}"]}
    return c


def options(t, to, ep=None):
    ep = ep or t.a
    host = t.caller().target.split("@")[1]
    uri = f"sip:{to}{host}"
    h = [("Via", f"{ep.via};branch={branch()};rport"), ("Max-Forwards", "70"),
         ("From", f"<sip:alice@{host}>;tag={token()}"), ("To", f"<{uri}>"), ("Call-ID", token(8)), ("CSeq", "1 OPTIONS")]
    return ep.send(text(f"OPTIONS {uri} SIP/2.0", h))


def run(t):
    t.b
    options(t, "")
    t.a.expect("200 OPTIONS")
    options(t, "bob@")
    t.check("Proxy-Authenticate" in str(t.a.expect("407 OPTIONS").headers), "challenge")

    trunk = t.endpoint("caller", host=4)
    options(t, "bob@", trunk)
    Callee(t.b, t.b.expect("OPTIONS")).ok()
    trunk.expect("200 OPTIONS")

    d = t.caller()
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    login = Login("alice", "secret of alice").challenged(m)
    d.call(headers=[login.header("INVITE", d.target)])
    b = t.callee()
    b.ok(sdp=True)
    d.answered()
    b.expect("ACK")
    d.request("INFO", ctype="text/plain", body="x")
    b.expect("INFO")
    b.ok()
    d.expect("200 INFO")

    accounts(t, ("alice", "another"))
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload done")
    e = t.caller()
    e.call(headers=[login.header("INVITE", e.target)])
    e.refused(403)
    with open(f"{t.folder}/users", "a") as f:
        f.write("no account at all\n")
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload refused")
    t.hang_up(d, b)
