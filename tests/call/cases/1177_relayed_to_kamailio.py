# SPDX-License-Identifier: Apache-2.0
"""auth: relay with Kamailio (auth_db) as the core: it challenges INVITE, and within the call re-INVITE, UPDATE, INFO and BYE; each crosses, and is taken with credentials."""
from lib import pbx
from lib.digest import Login, relaying
from lib.message import host_port

CONFIG = relaying
NEEDS = pbx.missing
VARIANTS = ("v4", "workers")  # both are IPv4 here, as that Kamailio is
ALLOW = "INVITE, ACK, BYE, CANCEL, UPDATE"
CDR = {"status": 200, "cause": "bye", "ended_by": "A"}


def within(t, login, d, method, **kw):
    """Challenged by the core, then let through."""
    d.request(method, **kw)
    m = d.expect(f"407 {method}")
    if method == "INVITE":
        d.ack_refusal(m)
    t.check("phones.example" in m["Proxy-Authenticate"], "challenge across")
    login.challenged(m, "MD5")
    d.request(method, headers=[login.header(method, d.target)], **kw)


def run(t):
    ua = t.endpoint("callee", host=3)
    pbx.Pbx(t, t.addr("callee", 2), host_port(t.addr("callee", 3), 5060), {"200": "secret of 200"})
    login = Login("200", "secret of 200")
    d = t.caller(to="+494099", user="200")
    within(t, login, d, "INVITE", body=d.sdp())
    b = t.callee(ua)
    t.equal(b.invite["Proxy-Authorization"], "", "Kamailio has taken the credentials off")
    b.ok(sdp=True, headers=[("Allow", ALLOW)])
    d.answered()
    b.expect("ACK")
    for version, method in enumerate(("INVITE", "UPDATE"), 2):
        within(t, login, d, method, body=d.sdp(version=version))
        b.expect(method)
        b.ok(sdp=b.sdp(version=version))
        d.expect(f"200 {method}")
        if method == "INVITE":
            d.ack()
            b.expect("ACK")
    within(t, login, d, "INFO", body="x", ctype="text/plain")
    b.expect("INFO")
    b.ok()
    d.expect("200 INFO")
    # a wrong password is challenged again, and does not hang up
    wrong = Login("200", "guess")
    within(t, wrong, d, "BYE")
    d.expect("407 BYE")
    t.equal(t.metric("limen_calls"), 1, "calls")
    within(t, login, d, "BYE")
    b.expect("BYE")
    b.ok()
    d.expect("200 BYE")
