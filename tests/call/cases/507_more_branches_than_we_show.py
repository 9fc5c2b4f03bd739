# SPDX-License-Identifier: Apache-2.0
"""A fork of eleven branches, all with other codecs: no early dialog of the caller's ever sees two descriptions."""
from itertools import combinations

from lib.message import audio

CODECS = ("PCMU", "PCMA", "G722", "G729")
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    lists = [c for n in (1, 2, 3) for c in combinations(CODECS, n)][:11]
    a = t.caller()
    a.call(a.sdp(audio(codecs=CODECS)))
    b = t.callee()
    seen, bare = {}, 0
    for i, codecs in enumerate(lists):
        b.reply(183, f"Progress of {i}", tag=f"branch-{i}", sdp=b.sdp(audio(4000 + 2 * i, codecs)))
        m = a.expect(183)
        if not m.sdp:
            bare += 1
            continue
        seen.setdefault(m.tag("To"), set()).add(tuple(m.sdp.formats()))
    t.check(all(len(x) == 1 for x in seen.values()), f"two descriptions in one early dialog: {seen}")
    t.equal((len(seen), bare), (8, 3), "early dialogs with a description, and provisional responses without")
    t.wait_metric("limen_early_full_total", 3)
    # one that was not shown answers: a dialog of its own
    b.local_tag = "branch-10"
    b.ok(sdp=b.sdp(audio(4020, lists[10])))
    m = a.answered()
    t.check(m.tag("To") not in seen, "the answer stands in an early dialog of another description")
    t.equal(len(m.sdp.formats()), len(lists[10]), "codecs of the answer")
    b.expect("ACK")
    t.hang_up(a, b)
