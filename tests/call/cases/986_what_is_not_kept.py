# SPDX-License-Identifier: Apache-2.0
"""An ended call leaves no record, nor does one that was refused after it rang; one that does not ring has none."""
from lib import audio, kept

CONFIG = kept.config
CDR = [kept.SILENT, {"status": 486}]


def run(t):
    a, b = kept.talk(t)
    kept.written(t)
    t.hang_up(a, b)
    rang = t.caller()
    rang.call()
    c = t.callee()
    c.reply(180, "Ringing")
    rang.expect(180)
    kept.written(t)
    c.reply(486, "Busy Here")
    c.expect("ACK")
    rang.refused(486)
    silent = t.caller()
    silent.call()
    t.callee()
    t.wait_metric("limen_calls", 1)
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t), {}, "records")
    t.limen.start()
    t.equal(t.metric("limen_calls_restored_total"), 0, "calls restored")
