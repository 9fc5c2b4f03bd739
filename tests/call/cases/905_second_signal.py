# SPDX-License-Identifier: Apache-2.0
"""A second SIGTERM ends the calls with BYE, and a ringing one with CANCEL and 503."""
import signal

EXIT = None
CDR = None


def run(t):
    a, b = t.talk()
    ringing = t.caller()
    ringing.call()
    c = t.callee()
    c.reply(180, "Ringing")
    ringing.expect(180)
    t.limen.signal(signal.SIGTERM)
    t.wait_log("draining")
    t.limen.signal(signal.SIGTERM)
    a.expect("BYE")
    a.ok()
    b.expect("BYE")
    b.ok()
    ringing.refused(503)
    c.expect("CANCEL")
    c.ok()
    c.reply(487, "Request Terminated", to=c.invite)
    c.expect("ACK")
    t.equal(t.limen.process.wait(8), 0, "exit code")
    got = sorted((r["status"], r["cause"], r["ended_by"]) for r in t.limen.cdrs())
    t.equal(got, [(200, "drained", "limen"), (503, "drained", "limen")], "call records")
