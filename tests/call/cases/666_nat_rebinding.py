# SPDX-License-Identifier: Apache-2.0
"""A NAT gives a phone another port in mid-call: the same stream goes on from there and is followed, logged and counted.

A stranger on the same host, who cannot go on with the sequence, is refused throughout."""
from lib import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, pb = audio.phones(t)
    stranger = audio.Phone(t, "caller", 1550, 2, 4444)
    a, b = audio.join(t, pa, pb)
    audio.both(pa, pb)
    stranger.aim(a.early.sdp)
    pa.move(41000)
    audio.flow(0.3, pb, stranger)
    pa.heard(), pb.hears_nothing()
    audio.flow(0.1, pa, pb, stranger)
    pa.heard(), pb.heard()
    audio.flow(0.4, pa, pb, stranger)
    pa.hears(950)
    pb.hears(450)
    stranger.hears_nothing()
    old, new = audio.said(t, pa.host, 4000), audio.said(t, pa.host, 41000)
    t.wait_log("media source moved.* leg=A .*" + f"from={old} to={new}".replace("[", r"\[") + ".*rtp continued")
    t.equal(t.metric('limen_media_moves_total{evidence="rtp_continued"}'), 1, "moves")
    t.equal(t.metric("limen_media_source_changes_total"), 1, "limen_media_source_changes_total")
    t.hang_up(a, b)
    m = audio.verdicts(t)["media"][0]["from_a"]
    t.equal((m["source_changes"], m["latched"], m["lost"]), (1, new, 0), "record")
