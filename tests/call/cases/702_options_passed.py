# SPDX-License-Identifier: Apache-2.0
"""OPTIONS for a user crosses to the peer of the route, with identities of our own."""
from lib.dialog import Callee

CDR = []


def run(t):
    t.b
    a = t.caller()
    a.request("OPTIONS")
    m = t.b.expect("OPTIONS")
    t.check(a.call_id not in m.raw.decode() and t.addr("caller", 2) not in m.raw.decode(), "the caller is seen")
    Callee(t.b, m).reply(200, "Fine", headers=[("Server", "SecretPbx/2.0")])
    m = a.expect("200 OPTIONS")
    t.check("SecretPbx" not in m.raw.decode(), "the callee's Server is seen")
