# SPDX-License-Identifier: Apache-2.0
"""INFO before the answer goes to the far side's early dialog, either way; without one it is 491, and nothing ends."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye", "attempts": [("callee", 503), ("second", 200)]}

from lib.message import audio  # noqa: E402
from lib.scenes import two_peers  # noqa: E402

CONFIG = lambda t: two_peers(t, failover=[503])


def info(one, other, tag, wanted):
    one.request("INFO", "Signal=5\r\n", ctype="application/dtmf-relay")
    m = other.expect("INFO")
    assert (m.tag("To"), m.body) == (tag, b"Signal=5\r\n"), m.raw
    other.ok()
    one.expect(f"{wanted} INFO")


def run(t):
    t.b
    second = t.endpoint("callee", 3, name="second")
    a = t.caller()
    a.call()
    invite = a.last_invite
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    one = a.expect(183).tag("To")
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(4010, ("PCMA",)), session=99))
    two = a.expect(183).tag("To")
    first = b.invite
    for ours, theirs in ((one, "one"), (two, "two")):
        a.remote_tag = ours
        info(a, b, theirs, 200)
        b.local_tag = theirs
        info(b, a, a.local_tag, 200)
    b.reply(503, "Service Unavailable", to=first)
    b.expect("ACK")
    b = t.callee(second)
    # the caller has early dialogs, the second callee none yet
    a.request("INFO", "Signal=5\r\n", ctype="application/dtmf-relay")
    a.expect("491 INFO")
    b.ok(sdp=b.sdp(audio(4000, ("PCMU",))))
    a.last_invite = invite
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
