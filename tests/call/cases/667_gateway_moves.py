# SPDX-License-Identifier: Apache-2.0
"""A carrier moves its gateway: inside its media ACL, and once the old source was silent for 500 ms, that is followed; a
source outside it never is, however long the silence."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def CONFIG(t):
    return {"peers": {"callee": {"media_acl": [f"{t.addr('callee', n)}/{128 if t.v6 else 32}" for n in (2, 3)]}}}


def run(t):
    pa, pb = audio.phones(t)
    moved, outside = audio.Phone(t, "callee", 2050, 3, 5000), audio.Phone(t, "callee", 1550, 4)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb, 0.6)  # past the latch window, in which a better rank could contest
    for p in (moved, outside):
        p.aim(b.invite.sdp)
    audio.flow(0.2, pa, pb, moved, outside)
    pa.hears(950)
    moved.hears_nothing()
    pb.heard()
    audio.flow(0.7, pa, outside)
    pa.hears_nothing()
    audio.flow(0.1, pa, moved, outside)
    for p in (pa, pb):
        p.heard()
    audio.flow(0.4, pa, moved, outside)
    pa.hears(2050)
    moved.hears(450)
    pb.hears_nothing()
    outside.hears_nothing()
    t.wait_log("media source moved.* leg=B .*media acl, old source silent")
    t.equal(t.metric('limen_media_moves_total{evidence="acl_silent"}'), 1, "moves")
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]["from_b"]
    t.equal((m["source_changes"], m["latched"], m["refused"]),
            (1, audio.said(t, moved.host, 5000), audio.said(t, outside.host, 4000)), "record")
