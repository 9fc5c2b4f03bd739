# SPDX-License-Identifier: Apache-2.0
"""A carrier that does not take our credentials: the same nonce again, a third challenge, another realm: 403, and nothing goes round in circles."""
from lib.digest import Verifier

REFUSED = {"status": 403, "cause": "credentials refused", "attempts": [("callee", 407)], "causes": ["credentials refused"]}
CDR = [REFUSED, REFUSED, {"status": 403, "cause": "rejected", "attempts": [("callee", 407)]},
       {"status": 200, "cause": "bye"}]


def CONFIG(t):
    return {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret", "realm": "sip.example"}}}}


def refuse(b, m, header):
    b.reply(407, "Proxy Authentication Required", to=m, headers=[header])
    b.ep.expect("ACK")


def begin(t):
    d = t.caller()
    d.call()
    return d, t.callee()


def over(t, d):
    m = d.refused(403)
    t.equal(m["Proxy-Authenticate"], "", "challenge across")


def run(t):
    t.b
    core = Verifier(user="4930", password="carrier secret")
    d, b = begin(t)
    refuse(b, b.invite, core.challenge())
    refuse(b, b.ep.expect("INVITE"), core.challenge(new=False))
    over(t, d)

    d, b = begin(t)  # what was not taken is forgotten
    t.check(core.given(b.invite) is None, "no credentials at once")
    refuse(b, b.invite, core.challenge())
    for _ in range(2):
        m = b.ep.expect("INVITE")
        core.right(t, m, nc=1)
        refuse(b, m, core.challenge(stale=True))
    over(t, d)

    d, b = begin(t)
    refuse(b, b.invite, Verifier(realm="elsewhere.example").challenge())
    over(t, d)

    # stale once, then taken; nobody hears anything of it
    d, b = begin(t)
    refuse(b, b.invite, core.challenge())
    refuse(b, b.ep.expect("INVITE"), core.challenge(stale=True))
    b.heard = b.ep.expect("INVITE")
    core.right(t, b.heard, nc=1)
    b.ok(sdp=True)
    d.answered()
    b.expect("ACK")
    t.hang_up(d, b)
