# SPDX-License-Identifier: Apache-2.0
"""A second SIGTERM ends the calls with BYE, and a ringing one with CANCEL and 503."""
from lib import farewell

EXIT = None
CDR = None


def run(t):
    a, b = t.talk()
    ringing, c = farewell.rings(t)
    farewell.asked_twice(t)
    a.expect("BYE")
    a.ok()
    b.expect("BYE")
    b.ok()
    ringing.refused(503)
    c.expect("CANCEL")
    c.ok()
    c.reply(487, "Request Terminated", to=c.invite)
    c.expect("ACK")
    t.equal(farewell.over(t), [(200, "drained", "limen"), (503, "drained", "limen")], "call records")
