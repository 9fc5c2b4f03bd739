# SPDX-License-Identifier: Apache-2.0
"""Tokens that are names of machines, in headers and attributes that cross: no configuration knows them, and they stay behind;
what these headers are for crosses, in requests and in answers."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}
NAMES = ("gw7.inside.example", "gate7")
HEADERS = [("Priority", "gate7"), ("P-Early-Media", "supported, gate7"), ("Accept", "application/sdp, text/gw7.inside.example"),
           ("Subject", "from gw7.inside.example"), ("Reason", 'SIP;cause=200;text="by gw7.inside.example"'),
           ("Session-ID", "gate7"), ("Expires", "gate7"), ("Answer-Mode", "Auto;gate7=gw7.inside.example"),
           ("User-to-User", "00ff;encoding=hex;by=gw7.inside.example"), ("Content-Disposition", "session;at=gate7"),
           ("Date", "gw7.inside.example"), ("Recv-Info", "dtmf, gw7.inside.example"), ("Accept-Language", "de, gw7.inside.example")]
LINES = ["a=label:gate7", "a=floorid:1 mstrm:gate7", "a=content:gw7.inside.example", "a=x-vendor:gw7.inside.example", "a=label:7"]


def crossed(t, m):
    for name in NAMES:
        t.check(name.encode() not in m.raw, f"{name} crosses in {m.start}")
    t.check("a=label:7" in m.sdp.text, f"a label that is a number does not cross in {m.start}")


def run(t):
    t.b
    a = t.caller()
    a.call(a.sdp(audio(extra=LINES)), headers=HEADERS)
    b = t.callee()
    crossed(t, b.heard)
    t.equal([b.heard[h] for h in ("P-Early-Media", "Accept", "Answer-Mode", "User-to-User", "Content-Disposition", "Recv-Info")],
            ["supported", "application/sdp", "Auto", "00ff;encoding=hex", "session", "dtmf"], "what these are for")
    t.equal(b.heard["Accept-Language"], "de", "Accept-Language")
    for h in ("Priority", "Subject", "Session-ID", "Expires", "Date"):
        t.equal(b.heard.all(h), [], h)
    b.ok(sdp=b.sdp(audio(extra=LINES)), headers=HEADERS)
    crossed(t, a.answered())
    b.expect("ACK")
    t.hang_up(a, b)
