# SPDX-License-Identifier: Apache-2.0
"""SIGHUP with a peer taken out and another added: the call goes on, new ones follow the new file."""
import signal

CDR = [{"status": 200, "ended_by": "A", "b.peer": "callee"}, {"status": 200, "ended_by": "A", "b.peer": "other"}]


def run(t):
    t.b
    other = t.endpoint("callee", 3, name="other")
    a, b = t.talk()
    c = t.limen.config
    del c["peers"]["callee"]
    host = f"[{t.addr('callee', 3)}]" if t.v6 else t.addr("callee", 3)
    c["peers"]["other"] = {"network": "core", "targets": [f"udp:{host}:5060"]}
    c["routes"] = [{"name": "out", "match": {"peer": "caller"}, "target": "other"}]
    t.limen.write_config()
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload done")
    a.request("INFO", "x", ctype="text/plain")
    b.expect("INFO")
    b.ok()
    a.expect("200 INFO")
    a2 = t.caller()
    a2.call()
    b2 = t.callee(other)
    b2.ok(sdp=True)
    a2.answered()
    b2.expect("ACK")
    t.hang_up(a, b)
    t.hang_up(a2, b2)
