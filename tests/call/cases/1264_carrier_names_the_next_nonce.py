# SPDX-License-Identifier: Apache-2.0
"""A carrier names the next nonce in a 2xx (RFC 7616 §3.5): what follows carries it, counted from 1, and is not challenged again."""
from lib.digest import Verifier, asked
from lib.message import token

CDR = {"status": 200, "cause": "bye"}


def CONFIG(t):
    return {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}, "leak": "block"}


def run(t):
    t.b
    core = Verifier(user="4930", password="carrier secret", proxy=False)

    def following():
        core.nonce = token(12)
        return [("Authentication-Info", f'qop=auth, nextnonce="{core.nonce}"')]

    d = t.caller()
    d.call()
    b = t.callee()
    b.invite = asked(t, core, b, b.invite)
    b.ok(sdp=True, headers=following())
    m = d.answered()
    t.check(core.nonce not in str(m.headers), "the nonce across")
    b.expect("ACK")
    d.request("INFO", body="x", ctype="text/plain")
    core.right(t, b.expect("INFO"), nc=1)
    b.ok()
    d.expect("200 INFO")
    d.request("INFO", body="x", ctype="text/plain")
    core.right(t, b.expect("INFO"), nc=2)
    b.ok(headers=following())
    d.expect("200 INFO")
    d.request("INVITE", body=d.sdp(version=2))
    core.right(t, b.expect("INVITE"), nc=1)
    b.ok(sdp=b.sdp(version=2), headers=following())
    d.answered()
    b.expect("ACK")
    d.bye()
    core.right(t, b.expect("BYE"), nc=1)
    b.ok()
    d.expect(200)
