# SPDX-License-Identifier: Apache-2.0
"""kill -9 while the far side asks its user about a re-INVITE: who sent it is refused, the far side has our CANCEL."""
from lib import kept
from lib.message import audio as line

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    a.request("INVITE", a.sdp(line(way="sendonly"), version=2))
    lost = b.expect("INVITE")
    b.reply(180, "Ringing")
    a.expect(180) if a.ep.gather(0.1, 180) else None
    kept.again(t)
    a.refused(504)
    c = b.expect("CANCEL")
    t.equal((c.cseq, c["Via"]), (lost.cseq, lost["Via"]), "what is cancelled")
    b.ok()
    b.reply(487, "Request Terminated", to=lost)
    b.expect("ACK")
    b.seen, b.asked = lost, lost.cseq
    kept.reinvite(t, b, a, "sendonly", "recvonly", version=2)
    t.hang_up(a, b)
