# SPDX-License-Identifier: Apache-2.0
"""An ended call leaves no record, and a ringing one has none: neither comes back."""
from lib import audio, kept

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    t.hang_up(a, b)
    ringing = t.caller()
    ringing.call()
    c = t.callee()
    c.reply(180, "Ringing")
    ringing.expect(180)
    audio.records(t)
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t), {}, "records")
    t.limen.start()
    t.equal(t.metric("limen_calls_restored_total"), 0, "calls restored")
