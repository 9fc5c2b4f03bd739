# SPDX-License-Identifier: Apache-2.0
"""However a call ends, its ports and sockets are given back at once: refused, cancelled, hung up by either side."""
from lib import audio

CDR = [{"status": 486}, {"status": 487}, {"status": 200, "ended_by": "A"}, {"status": 200, "ended_by": "B"}]


def nothing_left(t):
    t.wait_metric("limen_media_ports_used", 0, within=1.0)
    t.wait_metric('limen_sockets{kind="media"}', 0, within=1.0)
    t.wait_metric("limen_media_sessions", 0, within=1.0)


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    t.equal((t.metric("limen_media_ports_used"), t.metric('limen_sockets{kind="media"}')), (2, 4), "ports and sockets")
    b.reply(486, "Busy Here")
    b.expect("ACK")
    a.refused(486)
    nothing_left(t)
    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(183, "Session Progress", sdp=True)
    a.expect(183)
    a.cancel()
    b.expect("CANCEL")
    b.reply(200, "OK")
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    a.expect("200 CANCEL")
    a.refused(487)
    nothing_left(t)
    pa, pb = audio.phones(t)
    for swap in (False, True):
        a, b = audio.join(t, pa, pb)
        audio.both(pa, pb, 0.2)
        t.hang_up(*((b, a) if swap else (a, b)))
        nothing_left(t)
