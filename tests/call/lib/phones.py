# SPDX-License-Identifier: Apache-2.0
"""phones: registered phones that are called, and call; the PBX as registrar, caller and proxy."""
import re
import time

from .dialog import Callee
from .message import branch
from .registration import Phone, Registrar


def registered(t, ep=None, user="alice", registrar=None, **kw):
    """A phone at ep (the caller's side) that has registered, and the registrar: (phone, registrar)."""
    phone, registrar = Phone(ep or t.a, user, **kw), registrar or Registrar(t.b)
    phone.alias = register(phone, registrar)
    return phone, registrar


def register(phone, registrar):
    """The alias that the core has been told."""
    phone.send(phone.contact(300), headers=[("Supported", "path, outbound")])
    m = registrar.take()
    phone.answered()
    return re.search(r"sip:([a-z2-7]{29})@", m["Contact"]).group(1)


def ring(t, phone, **kw):
    """The PBX calls the phone: (PBX's dialog, phone's dialog), the INVITE arrived."""
    pbx = t.caller(t.b, to=phone.alias, user="030111")
    pbx.call(**kw)
    return pbx, Callee(phone.ep, phone.ep.expect("INVITE"))


def answer(t, caller, callee, sdp_a=None, sdp_b=None):
    callee.reply(180, "Ringing")
    caller.expect(180)
    callee.ok(sdp=sdp_b or callee.sdp())
    caller.early = caller.answered()
    callee.expect("ACK")
    time.sleep(0.05)  # nothing tells that the caller's ACK has been taken


def talk(t, phone, **kw):
    pbx, callee = ring(t, phone, **kw)
    answer(t, pbx, callee)
    return pbx, callee


def refused(t, alias, status, phrase=None, within=4.0, headers=()):
    """The PBX calls this alias and hears so, at once."""
    pbx = t.caller(t.b, to=alias, user="030111")
    pbx.call(headers=headers)
    m = pbx.refused(status, within=within)
    if phrase:
        t.check(phrase in m.start, "phrase: " + m.start)


class Hop:
    """The PBX as a proxy between two dialogs' ends at one endpoint: the same Call-ID, tags and CSeq on both, its Via on
    top. targets: user of a Request-URI -> where to send (None: as it says)."""

    def __init__(self, ep, targets):
        self.ep, self.targets = ep, targets

    @property
    def route(self):
        return f"<sip:{self.ep.here};lr>"

    def request(self, m):
        """Passes a request on."""
        head, _, body = m.raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        uri = m.start.split()[1]
        user = re.match(r"sips?:([^@]*)@", uri).group(1)
        uri = self.targets.get(user, uri)
        out = [f"{m.method} {uri} SIP/2.0", f"Via: {self.ep.via};branch={branch()}"]
        if m.method == "INVITE":
            out.append("Record-Route: " + self.route)
        out += [x for x in lines[1:] if not x.lower().startswith("route:")]
        self.ep.send("\r\n".join(out).encode() + b"\r\n\r\n" + body)

    def response(self, m):
        """Passes a response back."""
        head, _, body = m.raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        at = next(i for i, x in enumerate(lines) if x.lower().startswith("via:"))
        del lines[at]
        self.ep.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def pass_on(self, what, **kw):
        m = self.ep.expect(what, **kw)
        self.response(m) if m.status else self.request(m)
        return m
