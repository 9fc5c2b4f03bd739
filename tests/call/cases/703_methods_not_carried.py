# SPDX-License-Identifier: Apache-2.0
"""Methods not carried yet, and a REGISTER that no route names: 405 with Allow; unknown ones: 501 with Allow. In a dialog as outside."""
CDR = [{"status": 200, "ended_by": "A"}]


def run(t):
    for method, status in (("REGISTER", 405), ("MESSAGE", 405), ("SUBSCRIBE", 405), ("PUBLISH", 405), ("NOTIFY", 405),
                           ("REFER", 405), ("FROBNICATE", 501)):
        a = t.caller()
        a.request(method)
        m = a.expect(status)
        t.check("INVITE" in m["Allow"], f"{method}: Allow: {m['Allow']}")
    a, b = t.talk()
    for method, status in (("MESSAGE", 405), ("FROBNICATE", 501)):
        a.request(method)
        a.expect(status)
    t.hang_up(a, b)
