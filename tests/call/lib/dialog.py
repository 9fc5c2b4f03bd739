# SPDX-License-Identifier: Apache-2.0
"""dialog: one call as a user agent sees it: what it says is built from what it heard (RFC 3261 §12)."""
import re

from .message import branch, sdp, text, token


class Dialog:
    def __init__(self, ep):
        self.ep = ep
        self.call_id = self.local = self.remote = self.target = None
        self.local_tag = token()
        self.remote_tag = None
        self.routes = []
        self.cseq = 100
        self.invite = None       # the first INVITE
        self.last_invite = None  # the one an ACK or CANCEL is about (sent by us)
        self.heard = None        # the request a reply is for
        self.media_port = 4000

    # ---- saying

    def contact(self):
        t = ";transport=tcp" if self.ep.transport == "TCP" else ""
        return f"<sip:{self.ep.name}@{self.ep.here}{t}>"

    def head(self, method, cseq, via_branch, to_tag=True, via=None):
        to = self.remote + (f";tag={self.remote_tag}" if to_tag and self.remote_tag else "")
        return [("Via", via or f"{self.ep.via};branch={via_branch};rport"), ("Max-Forwards", "70"),
                ("From", f"{self.local};tag={self.local_tag}"), ("To", to), ("Call-ID", self.call_id),
                ("CSeq", f"{cseq} {method}")] + [("Route", r) for r in self.routes]

    def request(self, method, body="", headers=(), cseq=None, via_branch=None, ctype="application/sdp", uri=None,
                replace=None, send=True):
        """Sends a request within (or beginning) the dialog. replace: headers by name, None takes one out."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        b = via_branch or branch()
        h = self.head(method, cseq, b)
        if method in ("INVITE", "UPDATE"):
            h.append(("Contact", self.contact()))
        if body:
            h.append(("Content-Type", ctype))
        h += list(headers)
        if replace:
            names = {k.lower() for k in replace}
            h = [x for x in h if x[0].lower() not in names] + [(k, v) for k, v in replace.items() if v is not None]
        raw = text(f"{method} {uri or self.target} SIP/2.0", h, body)
        if method == "INVITE":
            self.last_invite = (uri or self.target, cseq, b, list(self.routes), self.remote_tag)
        self.last = raw
        if send:
            self.ep.send(raw)
        return raw

    def reply(self, status, phrase="X", sdp=None, to=None, headers=(), tag=None, body="", ctype="application/sdp",
              replace=None, contact=True):
        """Answers the request heard last, or `to`. sdp=True: an ordinary description."""
        m = to or self.heard
        h = [("Via", v) for v in m.all("Via")] + [("Record-Route", v) for v in m.all("Record-Route")]
        h += [("From", m["From"])]
        tagged = m.tag("To") or status == 100
        h += [("To", m["To"] if tagged else f"{m['To']};tag={tag or self.local_tag}"), ("Call-ID", m.call_id),
              ("CSeq", m["CSeq"])]
        if contact and m.method in ("INVITE", "UPDATE") and status < 300:
            h.append(("Contact", self.contact()))
        if sdp is True:
            sdp = self.sdp()
        body = sdp or body
        if body:
            h.append(("Content-Type", ctype))
        h += list(headers)
        if replace:
            names = {k.lower() for k in replace}
            h = [x for x in h if x[0].lower() not in names] + [(k, v) for k, v in replace.items() if v is not None]
        raw = text(f"SIP/2.0 {status} {phrase}", h, body)
        self.ep.send(raw, to=m.source, conn=m.conn)
        self.replied = raw
        return raw

    def ok(self, **kw):
        return self.reply(200, "OK", **kw)

    def sdp(self, *medias, **kw):
        return sdp(self.ep.host, *medias, **kw)

    def ack(self, body="", replace=None):
        """For the 2xx of our last INVITE: a transaction of its own (RFC 3261 §13.2.2.4)."""
        _, cseq, _, _, _ = self.last_invite
        h = self.head("ACK", cseq, branch())
        if body:
            h.append(("Content-Type", "application/sdp"))
        self.acked = text(f"ACK {self.target} SIP/2.0", h, body)
        self.ep.send(self.acked)
        return self.acked

    def ack_refusal(self, m):
        """For a final non-2xx: the INVITE's own transaction (RFC 3261 §17.1.1.3)."""
        uri, cseq, b, routes, _ = self.last_invite
        h = [("Via", f"{self.ep.via};branch={b};rport"), ("Max-Forwards", "70"), ("From", m["From"]), ("To", m["To"]),
             ("Call-ID", self.call_id), ("CSeq", f"{cseq} ACK")] + [("Route", r) for r in routes]
        self.ep.send(text(f"ACK {uri} SIP/2.0", h))

    def bye(self, **kw):
        return self.request("BYE", **kw)

    # ---- hearing

    def expect(self, what, **kw):
        m = self.ep.expect(what, call_id=self.call_id, **kw)
        self.learn(m)
        return m

    def expect_each(self, *whats, **kw):
        got = self.ep.expect_each(*whats, call_id=self.call_id, **kw)
        for m in got:
            self.learn(m)
        return got

    def learn(self, m):
        if m.status is None:
            self.heard = m
            if m.method in ("INVITE", "UPDATE") and m["Contact"]:
                self.target = m.contact
        elif m.method in ("INVITE", "UPDATE") and 100 < m.status < 300:
            self.remote_tag = m.tag("To") or self.remote_tag
            if m["Contact"]:
                self.target = m.contact
            if m.all("Record-Route"):
                self.routes = m.all("Record-Route")[::-1]


class Caller(Dialog):
    def __init__(self, ep, to="bob", user="alice", to_host=None):
        super().__init__(ep)
        lh = ep.limen[0]
        lh = f"[{lh}]" if ":" in lh else lh
        t = ";transport=tcp" if ep.transport == "TCP" else ""
        host = f"[{ep.host}]" if ":" in ep.host else ep.host
        self.call_id = f"{token(8)}@{host}"
        self.local, self.remote = f'"Alice" <sip:{user}@{host}>', f"<sip:{to}@{lh}>"
        self.target = f"sip:{to}@{to_host or lh}{t}"
        self.branch = None

    def call(self, body=True, **kw):
        """Sends the INVITE. body: True: an ordinary offer; "": none."""
        self.branch = kw.pop("via_branch", None) or branch()
        return self.request("INVITE", self.sdp() if body is True else body, via_branch=self.branch, **kw)

    def cancel(self, headers=()):
        uri, cseq, b, routes, tag = self.last_invite
        h = self.head("CANCEL", cseq, b, to_tag=False)
        raw = text(f"CANCEL {uri} SIP/2.0", h + list(headers))
        self.ep.send(raw)
        return raw

    def answered(self, within=4.0):
        m = self.expect(200, within=within)
        self.ack()
        return m

    def refused(self, status, within=4.0):
        m = self.expect(status, within=within)
        self.ack_refusal(m)
        return m


class Callee(Dialog):
    """Made from the INVITE that came."""

    def __init__(self, ep, invite):
        super().__init__(ep)
        self.invite = self.heard = invite
        self.call_id = invite.call_id
        self.local = invite["To"]
        self.remote = re.sub(r";tag=[^;>]+", "", invite["From"])
        self.remote_tag = invite.tag("From")
        self.target = invite.contact
        self.routes = invite.all("Record-Route")
        self.cseq = 500
