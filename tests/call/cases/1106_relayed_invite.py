# SPDX-License-Identifier: Apache-2.0
"""auth: relay, INVITE: the core's 407 crosses with its challenge and leaves no record; credentials cross with the Request-URI that they are for; CANCEL, re-INVITE and INFO too."""
from lib.digest import Login, Verifier, credentials, relaying, within

CONFIG = relaying
CDR = [{"status": 200, "cause": "bye"}, {"status": 487, "cause": "cancel"}]


def challenged(t, core, d):
    d.call()
    b = t.callee()
    b.reply(core.status, "Proxy Authentication Required", headers=[core.challenge()])
    b.ep.expect("ACK")
    m = d.expect(407)
    d.ack_refusal(m)
    t.check(core.nonce in m["Proxy-Authenticate"] and core.realm in m["Proxy-Authenticate"], "challenge across")
    t.equal(m.phrase, "Proxy Authentication Required", "phrase")
    return m


def run(t):
    t.b
    core, login = Verifier(), Login("alice", "open sesame")
    d = t.caller()
    login.challenged(challenged(t, core, d), "MD5")
    t.wait_metric("limen_calls_challenged_total", 1)
    t.wait_log("challenged")
    d.call(headers=[login.header("INVITE", d.target)])
    b = t.callee()
    core.right(t, b.invite, nc=1)
    t.equal(b.invite.uri, d.target, "Request-URI is the one that was signed")
    b.ok(sdp=True)
    d.answered()
    t.equal(credentials(b.expect("ACK")), credentials(b.invite), "credentials of the ACK")
    within(t, core, login, d, b, "INVITE", body=d.sdp(version=2))
    b.ok(sdp=b.sdp(version=2))
    d.answered()
    b.expect("ACK")
    within(t, core, login, d, b, "INFO", body="x", ctype="text/plain")
    b.ok()
    d.expect("200 INFO")
    t.hang_up(d, b)

    d = t.caller()
    login.challenged(challenged(t, core, d), "MD5")
    d.call(headers=[login.header("INVITE", d.target)])
    b = t.callee()
    b.reply(180, "Ringing")
    d.expect(180)
    d.cancel()
    d.expect("200 CANCEL")
    m = d.expect(487)
    d.ack_refusal(m)
    c = b.expect("CANCEL")
    t.equal(c.uri, b.invite.uri, "CANCEL names what the INVITE did")
    b.reply(200, "OK", to=c)
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    t.equal(t.metric("limen_calls_failed_total"), 1, "failed calls")
