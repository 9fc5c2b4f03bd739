# SPDX-License-Identifier: Apache-2.0
"""The echo target gives back the tone that it hears, to a phone behind NAT too, and a stranger's not."""
from lib import audio
from lib.message import sdp

CONFIG = {"networks": {"access": {"nat": True}}, "routes": [{"match": {"ruri": "exact:echo"}, "target": "echo"}]}
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    pa, stranger = audio.Phone(t, "caller", 450, 3, 40000), audio.Phone(t, "caller", 1550, 4)
    a = t.caller(to="echo")
    a.call(sdp(audio.elsewhere(t)))
    m = a.answered()
    audio.flow(0.1, pa.aim(m.sdp))
    audio.flow(0.4, pa, stranger.aim(m.sdp))
    pa.hears(450)
    stranger.hears_nothing()
    a.bye()
    a.expect("200 BYE")
    audio.verdicts(t)
