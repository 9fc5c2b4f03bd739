# SPDX-License-Identifier: Apache-2.0
"""kill -9 within a re-INVITE with credentials that is answered all the same: the ACK of its 2xx has them, whether the INVITE was sent again whole or its head alone was kept."""
from lib import kept
from lib.digest import Verifier, asked, credentials
from lib.message import audio as line

CDR = {"status": 200, "cause": "bye", "verdict": ...}
SETTLE = 16


def CONFIG(t):
    return kept.config(t, timers={"t1": 100}, leak="block",
                       peers={"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}})


def agreed(t, b, m, version):
    """b's answer to a re-INVITE that nobody waits for any more, and what was agreed before once more."""
    b.ok(to=m, sdp=b.sdp(line(way="recvonly"), version=version))
    ack = b.expect("ACK")
    t.check(credentials(m), "the INVITE has some")
    t.equal((ack.cseq, credentials(ack)), (m.cseq, credentials(m)), "credentials of the ACK")
    back = b.expect("INVITE")
    b.ok(to=back, sdp=b.sdp(version=version + 1))
    b.expect("ACK")


def run(t):
    t.b
    core = Verifier(user="4930", password="carrier secret")
    d = t.caller()
    d.call()
    b = t.callee()
    b.ok(to=asked(t, core, b, b.invite), sdp=True)
    d.answered()
    b.expect("ACK")
    kept.written(t)

    d.request("INVITE", d.sdp(line(way="sendonly"), version=2))
    m = b.expect("INVITE")
    kept.again(t)
    b.ep.forget_repeats()
    d.refused(504)
    b.ep.expect_repeat(m)
    agreed(t, b, m, 2)

    d.request("INVITE", d.sdp(line(way="sendonly"), version=3))
    m = asked(t, core, b, b.expect("INVITE"))
    b.reply(180, "Ringing", to=m)
    d.expect(180) if d.ep.gather(0.1, 180) else None
    kept.again(t)
    d.refused(504)
    b.expect("CANCEL")
    b.ok()
    agreed(t, b, m, 4)
    t.hang_up(d, b)
