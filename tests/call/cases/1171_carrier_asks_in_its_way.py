# SPDX-License-Identifier: Apache-2.0
"""Several challenges in one answer: the strongest that we know; auth-int alone and no qop are answered; to an unknown algorithm or qop alone, or no Digest, the caller gets 403."""
from lib.digest import Verifier, asked

CONFIG = {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}, "leak": "block"}
REFUSED = {"status": 403, "cause": "rejected", "attempts": [("callee", 407)]}
CDR = [{"status": 200, "cause": "bye"}] * 3 + [REFUSED] * 4


def answered(t, headers, **wanted):
    """headers: a function of the one who asks."""
    core = Verifier(user="4930", password="carrier secret")
    d = t.caller()
    d.call()
    b = t.callee()
    m = asked(t, core, b, b.invite, headers=headers(core))
    p = core.given(m)
    t.equal({k: p.get(k) for k in wanted}, wanted, "what was answered")
    b.ok(sdp=True)
    d.answered()
    b.expect("ACK")
    t.hang_up(d, b)


def several(core):
    """One nonce for all, as RFC 8760 §2.4 has it; the strongest that we know is the last but one."""
    core.challenge()
    return [("Proxy-Authenticate", "Basic realm=\"x\"")] + [
        core.challenge(new=False, more=f", algorithm={a}") for a in ("SHA-512-256", "MD5", "SHA-256", "MD5-sess")]


def refused(t, *values):
    d = t.caller()
    d.call()
    b = t.callee()
    b.reply(407, "Asked", headers=[("Proxy-Authenticate", v) for v in values])
    b.ep.expect("ACK")
    t.equal(d.refused(403)["Proxy-Authenticate"], "", "challenge across")


def run(t):
    t.b
    answered(t, several, algorithm="SHA-256", qop="auth")
    answered(t, lambda core: [core.challenge(qop=', qop="auth-int,auth-more"')], qop="auth-int")
    answered(t, lambda core: [core.challenge(qop="")], qop=None, nc=None, cnonce=None)
    refused(t, 'Digest realm="x", nonce="1", algorithm=SHA-512-256', 'Digest realm="x", nonce="1", algorithm=none')
    refused(t, 'Digest realm="x", nonce="1", qop="auth-more"')
    refused(t, 'Digest realm="x", nonce="1", nonce="2"', "Negotiate")
    refused(t)
