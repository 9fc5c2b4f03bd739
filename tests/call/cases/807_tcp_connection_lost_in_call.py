# SPDX-License-Identifier: Apache-2.0
"""The caller's connection dies during the call: our BYE goes to its Contact over a new one."""
CDR = {"status": 200, "ended_by": "B", "cause": "bye"}


def run(t):
    ep = t.a_tcp
    a, b = t.talk(ep_a=ep)
    ep.drop(ep.conns[0])
    t.wait_metric("limen_sip_connections", 0)
    b.bye()
    b.expect(200)
    a.expect("BYE")
    a.ok()
