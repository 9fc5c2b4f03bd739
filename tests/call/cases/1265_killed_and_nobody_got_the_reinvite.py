# SPDX-License-Identifier: Apache-2.0
"""kill -9 within a re-INVITE that has no answer at all: the next process sends it again, cancels what has it, and frees both sides soon when nobody has."""
import time

from lib import kept
from lib.message import audio as line

CDR = kept.SILENT
T1 = 100
SETTLE = 16


def CONFIG(t):
    return kept.config(t, timers={"t1": T1})


def lost(t, a, b, version, **kw):
    """a's re-INVITE, of which b says nothing; then the next process, by which a is refused, and its copy."""
    a.request("INVITE", a.sdp(line(way="sendonly"), version=version), **kw)
    m = b.expect("INVITE")
    kept.again(t)
    b.ep.forget_repeats()
    a.refused(504)
    b.ep.expect_repeat(m)
    return m


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    # it is there after all
    m = lost(t, a, b, 2)
    b.reply(100, "Trying", to=m)
    c = b.expect("CANCEL")
    t.equal((c.cseq, c["Via"]), (m.cseq, m["Via"]), "what is cancelled")
    b.ok()
    b.reply(487, "Request Terminated", to=m)
    b.expect("ACK")
    b.seen, b.asked = m, m.cseq

    # it agrees at once: asked back
    m = lost(t, a, b, 3)
    b.ok(to=m, sdp=b.sdp(line(way="recvonly"), version=2))
    b.expect("ACK")
    back = b.expect("INVITE")
    t.equal(back.sdp.way(), "sendrecv", "asked back")
    b.ok(sdp=b.sdp(version=3))
    b.expect("ACK")
    b.seen, b.asked = back, back.cseq

    # nobody is there: three copies, and both may ask again
    m = lost(t, a, b, 4)
    began = time.monotonic()
    a.request("INVITE", a.sdp(line(way="sendonly"), version=5))
    t.check(a.refused(500)["Retry-After"], "no Retry-After")
    b.request("INVITE", b.sdp(version=4))
    b.ack_refusal(b.expect("491 INVITE"))
    b.ep.expect_quiet(7 * T1 / 1000 - (time.monotonic() - began) + 0.1)
    t.check(len(b.ep.repeats) <= 3, f"{len(b.ep.repeats)} copies")
    b.ep.forget_repeats()
    b.seen, b.asked = m, m.cseq
    kept.reinvite(t, a, b, "inactive", "inactive", version=6)
    kept.reinvite(t, b, a, "sendrecv", "sendrecv", version=7)
    t.hang_up(a, b)
