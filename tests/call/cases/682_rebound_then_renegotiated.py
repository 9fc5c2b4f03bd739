# SPDX-License-Identifier: Apache-2.0
"""A NAT rebinding, then a refresh of the same description, then another address: the latch stays through the refresh, and
what the record counts goes on through all of it."""
from lib import audio
from lib.message import audio as line, sdp

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def reinvite(t, a, b, body):
    a.request("INVITE", body)
    b.expect("INVITE")
    b.ok(sdp=b.sdp())
    a.answered()
    b.expect("ACK")


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.2)
    pa.move(41000)
    audio.flow(0.3, pb)
    audio.both(pa, pb, 0.2)
    reinvite(t, a, b, a.sdp(line(codecs=("PCMA",)), version=2))
    audio.both(pa, pb, 0.2)
    new = audio.Phone(t, "caller", 2050, 3)
    new.to = pa.to
    reinvite(t, a, b, sdp(new.host, version=3))
    audio.both(new, pb, 0.2)
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]["from_a"]
    t.equal((m["source_changes"], m["latched"], m["lost"]), (1, audio.said(t, new.host, 4000), 0), "record")
    t.equal(m["packets"], pa.seq - 1450 + new.seq - 3050, "packets of both")
