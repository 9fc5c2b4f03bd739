# SPDX-License-Identifier: Apache-2.0
"""farewell: two SIGTERMs find calls in whatever state: cases 905, 913 and 1280."""
import signal


def rings(t):
    """A call that rings: (caller's dialog, callee's dialog)."""
    caller = t.caller()
    caller.call()
    callee = t.callee()
    callee.reply(180, "Ringing")
    caller.expect(180)
    return caller, callee


def unacked(t):
    """One that is answered, and its caller keeps the ACK to itself."""
    caller = t.caller()
    caller.call()
    callee = t.callee()
    callee.ok(sdp=True)
    callee.expect("ACK")
    caller.expect(200)
    return caller, callee


def asked_twice(t):
    t.limen.signal(signal.SIGTERM)
    t.wait_log("draining")
    t.limen.signal(signal.SIGTERM)


def over(t):
    """It has ended by itself: (status, cause, ended_by) of every call record."""
    t.equal(t.limen.process.wait(8), 0, "exit code")
    return sorted((r["status"], r["cause"], r["ended_by"]) for r in t.limen.cdrs())
