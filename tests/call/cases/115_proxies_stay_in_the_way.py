# SPDX-License-Identifier: Apache-2.0
"""Proxies that record their route: 18x and 200 repeat it in its order (RFC 3261 §12.1.1), and our BYE goes that way."""

CDR = {"status": 200, "ended_by": "B"}


def run(t):
    t.b
    a = t.caller()
    host = t.a.here
    routes = [f"<sip:{host};lr;n=2>, <sip:{host};lr;n=1>", f"<sip:{host};lr;n=0>"]
    wanted = [f"<sip:{host};lr;n={n}>" for n in (2, 1, 0)]
    a.call(headers=[("Record-Route", r) for r in routes])
    b = t.callee()
    t.equal(b.invite.all("Record-Route"), [], "routes told to the callee")
    b.reply(180, "Ringing")
    t.equal(a.expect(180).all("Record-Route"), wanted, "routes in the 180")
    b.ok(sdp=True)
    t.equal(a.expect(200).all("Record-Route"), wanted, "routes in the 200")
    a.ack()
    b.expect("ACK")
    a.request("INFO", ctype="text/plain", body="x")
    b.expect("INFO")
    b.ok()
    t.equal(a.expect("200 INFO").all("Record-Route"), [], "routes in a reply within the dialog")
    b.bye()
    t.equal(a.expect("BYE").all("Route"), wanted, "routes of our BYE")
    a.ok()
    b.expect(200)
