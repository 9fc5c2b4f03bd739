# SPDX-License-Identifier: Apache-2.0
"""B's description has a host name, which is not looked up: nothing came, nowhere to send, and both sentences say it."""
from lib import audio
from lib.message import sdp

CDR = None


def run(t):
    pa = audio.Phone(t, "caller", 450)
    a, b = t.talk(answer=sdp(t.b.host, connection="phone.example.net"))
    audio.flow(1.4, pa.aim(a.early.sdp))
    t.hang_up(a, b)
    n = audio.records(t)[0]["media"][0]["from_a"]["packets"]
    t.check(n > 30, f"{n} packets from A")
    audio.verdicts(t, from_a=f"{n} packets came from A and none went on: the other side has no address to send to yet",
                   from_b="no packet from B in {talk} s; its SDP gave no address; latched nothing")
