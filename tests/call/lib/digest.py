# SPDX-License-Identifier: Apache-2.0
"""digest: RFC 7616 by itself: challenges, credentials for them, and whether credentials are right. And the accounts of
cases in which Limen asks."""
import hashlib
import os
import re

from .message import token

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def params(value):
    """The parameters of a Digest value, without their quotes."""
    found = re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', value.partition(" ")[2])
    return {k.lower(): q or v for k, q, v in found}


def quoted(text):
    return re.sub(r'(["\\])', r"\\\1", text)


def response(p, password, method, body=b""):
    def of(text):
        return HASHES[p.get("algorithm", "MD5")](text).hexdigest()

    def h(*parts):
        return of(":".join(parts).encode())

    ha1, ha2 = h(p["username"], p["realm"], password), h(method, p["uri"])
    if p.get("qop") == "auth-int":
        ha2 = h(method, p["uri"], of(body))
    if "qop" not in p:
        return h(ha1, p["nonce"], ha2)
    return h(ha1, p["nonce"], p["nc"], p["cnonce"], p["qop"], ha2)


class Login:
    """A user agent's credentials: answers challenges, counts its nonces."""

    def __init__(self, user, password):
        self.user, self.password, self.given, self.proxy, self.nc = user, password, None, False, 0

    def challenged(self, m, algorithm="SHA-256"):
        self.proxy = m.status == 407
        all_of_it = [params(v) for v in m.all("Proxy-Authenticate" if self.proxy else "WWW-Authenticate")]
        by = {p.get("algorithm", "MD5"): p for p in all_of_it}
        self.given, self.nc = by.get(algorithm) or all_of_it[0], 0
        return self

    def header(self, method, uri, nc=None, more="", **other):
        """One line for this request; nc: that count once more; more: further parameters as text; other: values that are sent
        in place of ours, and hashed."""
        if nc is None:
            self.nc += 1
            nc = self.nc
        p = {"username": self.user, "realm": self.given["realm"], "nonce": self.given["nonce"], "uri": uri,
             "algorithm": self.given.get("algorithm", "MD5"), "qop": "auth", "nc": f"{nc:08x}", "cnonce": token(4), **other}
        bare = ("algorithm", "qop", "nc")
        text = ", ".join(f"{k}={v}" if k in bare else f'{k}="{quoted(v)}"' for k, v in p.items())
        return ("Proxy-Authorization" if self.proxy else "Authorization",
                f'Digest {text}, response="{response(p, self.password, method)}"{more}')


class Verifier:
    """A far side that asks: its challenges, and whether a request is right by its own start line."""

    def __init__(self, realm="sip.example", user="alice", password="open sesame", proxy=True):
        self.realm, self.user, self.password, self.proxy, self.nonce = realm, user, password, proxy, token(12)

    def challenge(self, stale=False, new=True, more="", qop=', qop="auth"'):
        if new:
            self.nonce = token(12)
        return ("Proxy-Authenticate" if self.proxy else "WWW-Authenticate",
                f'Digest realm="{self.realm}", nonce="{self.nonce}"' + qop + (", stale=true" if stale else "") + more)

    @property
    def status(self):
        return 407 if self.proxy else 401

    def given(self, m):
        got = m.all("Proxy-Authorization" if self.proxy else "Authorization")
        return params(got[0]) if got else None

    def right(self, case, m, nc=None, uri=True):
        """The request shows who it is, for this Request-URI, with the nonce given last."""
        p = self.given(m)
        case.check(p is not None, f"no credentials in {m.start}")
        case.equal(p["response"], response(p, self.password, m.method, m.body), "response")
        case.equal((p["username"], p["realm"], p["nonce"]), (self.user, self.realm, self.nonce), "credentials")
        if uri:
            case.equal(p["uri"], m.uri, "digest uri and Request-URI")
        if nc:
            case.equal(int(p["nc"], 16), nc, "nonce count")
        return p


def credentials(m):
    return m.all("Authorization") + m.all("Proxy-Authorization")


def asked(t, core, b, m, stale=False, headers=None):
    """The callee b refuses m with a challenge of core's (headers: with these), and it comes again as RFC 3261 §22.2 has it."""
    b.reply(core.status, "Asked", to=m, headers=headers or [core.challenge(stale)])
    if m.method == "INVITE":
        b.ep.expect("ACK")
    again = b.ep.expect(m.method)
    t.equal(int(core.right(t, again).get("nc", "1"), 16), 1, "nonce count")
    t.equal(again.cseq, m.cseq + 1, "CSeq")
    t.equal((again.call_id, again["From"], again["To"], again.body), (m.call_id, m["From"], m["To"], m.body), "the rest")
    t.check(again["Via"] != m["Via"], "a branch of its own")
    b.heard = again
    return again


def accounts(t, *users, realm="phones.example"):
    """A users file; returns its path. users: (name, password)."""
    os.makedirs(t.folder, exist_ok=True)
    path = os.path.join(t.folder, "users")
    with open(path, "w") as f:
        f.write("".join(f"{u}:{realm}:plain:{p}\n" for u, p in users))
    os.chmod(path, 0o600)
    return path


def asking(t, **more):
    """Configuration: phones on access must log in."""
    return {"networks": {"access": {"unknown": "accept", "nat": True, "source_rate": 0, "auth": "limen",
                                    "realm": "phones.example"}},
            "peers": {"caller": None},
            "routes": [{"name": "phones", "match": {"network": "access"}, "target": "callee"},
                       {"name": "deny", "match": {"network": "core"}, "deny": {"code": 404}}],
            "registrations": {"expires_min": 0},
            "accounts": {"file": accounts(t, ("alice", "secret of alice"), ("bob", "secret of bob")), **more}}


def relaying(t):
    """Configuration: challenges of the callee cross to phones on access."""
    return {"networks": {"access": {"unknown": "accept", "nat": True, "source_rate": 0, "auth": "relay"}},
            "peers": {"caller": None, "callee": {"auth": "relay"}},
            "routes": [{"name": "phones", "match": {"network": "access"}, "target": "callee"},
                       {"name": "deny", "match": {"network": "core"}, "deny": {"code": 404}}],
            "leak": "block"}


def within(t, core, login, d, b, method, **kw):
    """A request within the dialog from d, challenged by b, and once more with credentials: as b got it."""
    d.request(method, **kw)
    b.expect(method)
    b.reply(core.status, "Asked", headers=[core.challenge()])
    if method == "INVITE":
        b.expect("ACK")
    m = d.expect(f"{core.status} {method}")
    t.check(core.nonce in str(m.headers), "challenge across")
    if method == "INVITE":
        d.ack_refusal(m)
    login.challenged(m, "MD5")
    d.request(method, headers=[login.header(method, d.target)], **kw)
    m = b.expect(method)
    # within a dialog the Request-URI is the dialog's, and the verifier goes by the uri that it is given
    core.right(t, m, nc=1, uri=False)
    t.equal(core.given(m)["uri"], d.target, "uri as the phone has signed it")
    return m
