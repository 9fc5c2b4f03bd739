# SPDX-License-Identifier: Apache-2.0
"""A carrier challenges INVITE, re-INVITE, INFO and BYE: answered with its credentials, new CSeq, same Call-ID; the caller sees nothing; later requests carry them at once."""
from lib.digest import Verifier, asked, credentials

CDR = [{"status": 200, "cause": "bye", "attempts": [("callee", 200)]}] * 2


def CONFIG(t):
    return {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}, "leak": "block"}


def call(t, core, known):
    d = t.caller()
    d.call()
    b = t.callee()
    if known:
        core.right(t, b.invite, nc=2)
    else:
        t.check(core.given(b.invite) is None, "nobody has asked yet")
        again = asked(t, core, b, b.invite)
        b.invite = again
    b.reply(180, "Ringing")
    d.expect(180)
    b.ok(sdp=True)
    d.answered()
    t.equal(credentials(b.expect("ACK")), credentials(b.invite), "credentials of the ACK")
    return d, b


def run(t):
    t.b
    core = Verifier(user="4930", password="carrier secret", proxy=True)
    d, b = call(t, core, False)
    core.proxy = False
    d.request("INVITE", body=d.sdp(version=2))
    m = asked(t, core, b, b.expect("INVITE"), stale=True)
    b.ok(sdp=b.sdp(version=2))
    t.equal(d.answered().cseq, d.cseq, "the caller's own CSeq")
    ack = b.expect("ACK")
    t.equal(ack.cseq, m.cseq, "CSeq of the ACK")
    t.equal(credentials(ack), credentials(m), "credentials of the ACK")
    d.request("INFO", body="x", ctype="text/plain")
    m = b.expect("INFO")
    core.right(t, m, nc=2)
    asked(t, core, b, m, stale=True)
    b.ok()
    d.expect("200 INFO")
    d.bye()
    asked(t, core, b, b.expect("BYE"))
    b.ok()
    d.expect(200)
    if not t.workers:  # each worker remembers what it was told
        t.hang_up(*call(t, core, True))
    else:
        e = t.caller()
        e.call()
        b = t.callee()
        if core.given(b.invite) is None:
            asked(t, core, b, b.invite)
        b.ok(sdp=True)
        e.answered()
        b.expect("ACK")
        t.hang_up(e, b)
