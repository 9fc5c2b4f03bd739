# SPDX-License-Identifier: Apache-2.0
"""Both sides vanish without a word: no media, then BYE to both; nobody answers, and nothing is left."""
CONFIG = {"timers": {"media_silence": 1200}}
SETTLE = 10


def CDR(t):
    def text(side, host, letter):
        a = t.addr(side, host)
        a = f"[{a}]:4000" if t.v6 else f"{a}:4000"
        return f"no packet from {letter} in 1 s; its SDP said {a}, a private address; latched nothing"
    return {"status": 200, "ended_by": "limen", "verdict": (text("caller", 2, "A"), text("callee", 2, "B"))}


def run(t):
    a, b = t.talk()
    a.expect("BYE", within=4)
    b.expect("BYE")
    t.equal(t.metric("limen_media_silent_total") >= 1, True, "limen_media_silent_total")
