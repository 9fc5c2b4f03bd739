# SPDX-License-Identifier: Apache-2.0
"""An OPTIONS that the far side challenges or redirects: 403 and 480, without its phrase and contact."""
from lib.dialog import Callee

CDR = []


def run(t):
    t.b
    for far, near in ((401, 403), (302, 480)):
        a = t.caller()
        a.request("OPTIONS")
        Callee(t.b, t.b.expect("OPTIONS")).reply(far, "Inside Only", headers=[("Contact", "<sip:x@inside.example>")])
        m = a.expect(near)
        t.check("Inside" not in m.start, "the far phrase crossed")
        t.check(not m["Contact"], "the far contact crossed")
