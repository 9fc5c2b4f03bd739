# SPDX-License-Identifier: Apache-2.0
"""The ACK of a 2xx has the credentials of its INVITE (RFC 3261 §13.2.2.4): of a late offer, when it is repeated, of a re-INVITE, of a 2xx that crossed our CANCEL."""
from lib.digest import Verifier, asked, credentials

CONFIG = {"peers": {"callee": {"credentials": {"user": "4930", "password": "carrier secret"}}}, "leak": "block"}
CDR = [{"status": 200, "cause": "bye"}, {"status": 487, "cause": "cancel"}]


def same(t, ack, invite):
    t.check(credentials(invite), "the INVITE has some")
    t.equal(credentials(ack), credentials(invite), "credentials of the ACK")


def run(t):
    t.b
    core = Verifier(user="4930", password="carrier secret")
    d = t.caller()
    d.call("")
    b = t.callee()
    t.equal(credentials(b.invite), [], "nobody has asked yet")
    invite = asked(t, core, b, b.invite)
    b.ok(to=invite, sdp=True)
    d.expect(200)
    d.ack(d.sdp())
    ack = b.expect("ACK")
    t.check(ack.body, "the answer")
    same(t, ack, invite)
    b.ep.send(b.replied, to=invite.source)
    b.ep.expect_repeat(ack)
    d.request("INVITE", body=d.sdp(version=2))
    m = b.expect("INVITE")
    b.ok(to=m, sdp=b.sdp(version=2))
    d.answered()
    same(t, b.expect("ACK"), m)
    t.hang_up(d, b)

    d = t.caller()
    d.call()
    b = t.callee()
    invite = asked(t, core, b, b.invite)
    b.reply(180, "Ringing", to=invite)
    d.expect(180)
    d.cancel()
    d.expect("200 CANCEL")
    d.refused(487)
    cancel = b.expect("CANCEL")
    b.reply(200, "OK", to=cancel)
    b.ok(to=invite, sdp=True)
    same(t, b.expect("ACK"), invite)
    b.expect("BYE")
    b.ok()
