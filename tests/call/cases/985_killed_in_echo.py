# SPDX-License-Identifier: Apache-2.0
"""A call to the built-in echo goes on in the next process: the caller still hears itself."""
from lib import audio, kept

CDR = {"status": 200, "ended_by": "A", "cause": "bye", "b.peer": "echo"}


def CONFIG(t):
    return kept.config(t, routes=[{"name": "out", "match": {"peer": "caller"}, "target": "echo"}])


def run(t):
    pa = audio.Phone(t, "caller", 450)
    a = t.caller()
    a.call()
    pa.aim(a.answered().sdp)
    audio.flow(0.5, pa)
    kept.again(t)
    pa.heard()
    audio.flow(0.5, pa)
    pa.hears(450)
    a.bye()
    a.expect(200)
