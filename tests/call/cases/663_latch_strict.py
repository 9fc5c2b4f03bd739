# SPDX-License-Identifier: Apache-2.0
"""latch strict: only the description's address and port; the right host's other port is refused, and does not rebind."""
from lib import audio

CONFIG = {"peers": {"callee": {"latch": "strict"}}}
CDR = {"status": 200, "ended_by": "A"}


def run(t):
    pa, pb = audio.phones(t)
    other = audio.Phone(t, "callee", 950, 2, 4010)
    a, b = audio.join(t, pa, pb)
    audio.flow(0.3, pa, other.aim(b.invite.sdp))
    pa.hears_nothing()
    pb.hears(450)
    audio.both(pa, pb)
    pb.move(4020)
    audio.flow(0.25, pa)
    audio.flow(0.2, pa, pb)
    pa.hears_nothing()
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]["from_b"]
    t.equal((m["latch"], m["source_changes"], m["refused"]), ("sdp", 0, audio.said(t, pb.host, 4020)), "record")
