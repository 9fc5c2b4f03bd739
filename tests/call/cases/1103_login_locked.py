# SPDX-License-Identifier: Apache-2.0
"""auth: limen: too many wrong passwords lock the account for their source alone; with the right one it gets in from elsewhere."""
from lib.digest import Login, asking

CDR = []


def CONFIG(t):
    c = asking(t, failures=3)
    c["routes"][0] = {"name": "phones", "match": {"network": "access"}, "deny": {"code": 488}}
    return c


def tried(t, password, status, ep=None):
    d = t.caller(ep)
    d.call()
    m = d.expect(407)
    d.ack_refusal(m)
    d.call(headers=[Login("alice", password).challenged(m).header("INVITE", d.target)])
    d.refused(status)


def run(t):
    t.b
    for _ in range(3):
        tried(t, "guess", 403)
    tried(t, "secret of alice", 403)
    t.wait_log("why=locked")
    t.equal(t.metric("limen_login_lockouts_total"), 1, "locks")
    # IPv6 is locked by its /64, so there the other source must be on another network: not in this case
    if not t.v6:
        tried(t, "secret of alice", 488, ep=t.endpoint("caller", host=3))
