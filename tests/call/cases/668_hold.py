# SPDX-License-Identifier: Apache-2.0
"""On hold nothing goes against the agreed direction, and silence is measured by hold_silence; resumed, all is heard again.

sendonly: the callee's words are dropped, the music goes on. inactive: nothing crosses either way."""
from lib import audio
from lib.message import audio as line

CONFIG = {"timers": {"media_silence": 900, "hold_silence": 20000}}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}
WAYS = ("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")


def again(t, a, b, n):
    way, back = WAYS[n]
    a.request("INVITE", a.sdp(line(way=way), version=n + 2))
    b.expect("INVITE")
    b.ok(sdp=b.sdp(line(way=back), version=n + 2))
    a.answered()
    b.expect("ACK")


def run(t):
    pa, pb = audio.phones(t)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.2)
    again(t, a, b, 0)
    audio.flow(0.3, pa, pb)
    pa.hears_nothing()
    pb.hears(450)
    audio.flow(1.1)
    again(t, a, b, 1)
    audio.flow(0.2, pa, pb)
    pa.hears_nothing()
    pb.hears_nothing()
    audio.flow(1.1)
    again(t, a, b, 2)
    audio.both(pa, pb, 0.2)
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]
    t.check(m["from_b"]["drops"]["direction"] > m["from_a"]["drops"]["direction"] > 5, "drops against the direction")
