# SPDX-License-Identifier: Apache-2.0
"""kill -9 while it rings: the next process refuses the caller and cancels the callee, and there is a record."""
from lib import kept

CONFIG = kept.config
CDR = {"status": 503, "ended_by": "limen", "cause": "process restarted", "a.peer": "caller", "b.peer": "callee",
       "route": "out", "attempts": [("callee", 0)]}


def run(t):
    t.b
    a = t.caller()
    invite = a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    m = a.expect(180)
    kept.written(t)
    kept.kill(t)
    t.limen.start()
    r = a.expect(503)
    t.equal(r.tag("To"), m.tag("To"), "tag of the refusal")
    t.check(r["Retry-After"], "no Retry-After")
    a.ep.send(invite)
    a.ep.expect_repeat(r)
    a.ack_refusal(r)
    c = b.expect("CANCEL")
    t.equal((c.cseq, c["Via"]), (b.invite.cseq, b.invite["Via"]), "what is cancelled")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")
    t.wait_metric("limen_calls", 0)
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t), {}, "records")
    t.limen.start()
