# SPDX-License-Identifier: Apache-2.0
"""registration: phones that register, and a registrar that answers as the case says."""
import re

from .message import branch, text, token


def config(t, **registrations):
    """Phones on access, a registrar at the callee's. Limits small enough to wait for."""
    return {"networks": {"access": {"unknown": "accept", "nat": True, "source_rate": 0}},
            "peers": {"caller": None},
            "routes": [{"name": "phones", "match": {"network": "access"}, "target": "callee"},
                       {"name": "deny", "match": {"network": "core"}, "deny": {"code": 404}}],
            "registrations": {"expires_min": 0, **registrations}}


class Phone:
    """One user agent's registrations: a Call-ID, a CSeq that grows, a Contact."""

    def __init__(self, ep, user="alice", contact=None, instance=None, reg_id=None):
        self.ep, self.user = ep, user
        host = ep.limen[0]
        self.domain = f"[{host}]" if ":" in host else host
        self.call_id, self.cseq = token(8), 0
        t = ";transport=tcp" if ep.transport == "TCP" else ""
        self.uri = contact or f"sip:{user}@{ep.here}{t}"
        self.params = (f';+sip.instance="<urn:uuid:{instance}>"' if instance else "") + (
            f";reg-id={reg_id}" if reg_id else "")

    def contact(self, expires=None, uri=None):
        return f"<{uri or self.uri}>{self.params}" + ("" if expires is None else f";expires={expires}")

    def send(self, *contacts, expires=None, headers=(), cseq=None, to=None, call_id=None, send=True):
        """contacts: whole values; none given: the phone's own."""
        self.cseq = cseq or self.cseq + 1
        aor = f"<sip:{to or self.user}@{self.domain}>"
        h = [("Via", f"{self.ep.via};branch={branch()};rport"), ("Max-Forwards", "70"),
             ("From", f"{aor};tag={token()}"), ("To", aor), ("Call-ID", call_id or self.call_id),
             ("CSeq", f"{self.cseq} REGISTER")]
        h += [("Contact", c) for c in (contacts or (self.contact(),)) if c]
        if expires is not None:
            h.append(("Expires", str(expires)))
        raw = text(f"REGISTER sip:{self.domain} SIP/2.0", h + list(headers))
        if send:
            self.ep.send(raw)
        return raw

    def answered(self, status=200, within=6.0):
        return self.ep.expect(f"{status} REGISTER", within=within)

    def unregister(self, registrar):
        self.send(expires=0)
        registrar.take()
        return self.answered()


class Registrar:
    """The core: keeps what it is told by alias, and answers one REGISTER when the case says so."""

    def __init__(self, ep):
        self.ep, self.bindings, self.last = ep, {}, None

    def reply(self, m, status, phrase="X", headers=()):
        h = [("Via", v) for v in m.all("Via")]
        h += [("From", m["From"]), ("To", m["To"] + ";tag=" + token()), ("Call-ID", m.call_id), ("CSeq", m["CSeq"])]
        self.ep.send(text(f"SIP/2.0 {status} {phrase}", h + list(headers)), to=m.source, conn=m.conn)

    def hear(self, within=6.0):
        self.last = self.ep.expect("REGISTER", within=within)
        return self.last

    def accept(self, m, expires=None):
        """expires: what it gives at most."""
        for c in m.all("Contact"):
            if c.strip() == "*":
                self.bindings.clear()
                continue
            alias = re.search(r"sip:([a-z2-7]+)@", c).group(1)
            asked = int(re.search(r"expires=(\d+)", c).group(1))
            given = asked if expires is None else min(asked, expires)
            if given:
                self.bindings[alias] = (re.search(r"<([^>]*)>", c).group(1), given)
            else:
                self.bindings.pop(alias, None)
        self.reply(m, 200, "OK", [("Contact", f"<{u}>;expires={s}") for u, s in self.bindings.values()])

    def take(self, expires=None, within=6.0):
        """The next REGISTER, accepted."""
        m = self.hear(within)
        self.accept(m, expires)
        return m

    def aliases(self):
        return list(self.bindings)


def send_until_accepted(t, registrar, phone, *contacts):
    """While the core gets no more per second, a phone is told 503."""
    while True:
        phone.send(*contacts)
        t.b.pump(0.3)
        if t.b.inbox:
            registrar.take()
            phone.answered()
            return
        phone.answered(503)


def contacts(m):
    """uri -> expires of a 200's Contacts."""
    return {re.search(r"<([^>]*)>", c).group(1): int(re.search(r"expires=(\d+)", c).group(1))
            for c in m.all("Contact")}
