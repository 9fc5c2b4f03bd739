# SPDX-License-Identifier: Apache-2.0
"""Storms within a call: re-INVITEs, UPDATEs and INFOs by the hundred, from both sides at once: one exchange at a time,
the rest refused by 491 or 500; the call stands and ends."""
from lib.message import audio

CDR = {"verdict": ..., "status": 200}
SETTLE = 12.0


def drain(t, a, b, seconds):
    """Answers whatever of the other side comes; True: there was something."""
    n = 0
    for me in (a, b):
        for m in me.ep.gather(seconds):
            n += 1
            if m.method in ("INVITE", "UPDATE", "INFO"):
                me.reply(200, "OK", to=m, sdp=me.sdp(version=9) if m.method != "INFO" else None)
            elif m.status and m.status >= 300 and "INVITE" in m["CSeq"]:
                head = [("Via", ""), ]
    return n


def run(t):
    a, b = t.talk()
    for i in range(150):
        for me in (a, b):
            me.request("INVITE", me.sdp(audio(4000 + 2 * (i % 50)), version=2 + i))
            me.request("UPDATE", me.sdp(audio(4100 + 2 * (i % 50)), version=200 + i))
            me.request("INFO", ctype="application/dtmf-relay", body="Signal=1\r\n")
    for _ in range(20):
        if not drain(t, a, b, 0.3):
            break
    t.equal(t.metric("limen_calls"), 1, "calls")
    a.bye()
    a.ep.gather(3.0)
    b.ep.gather(0.5)
