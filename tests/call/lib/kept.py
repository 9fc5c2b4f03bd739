# SPDX-License-Identifier: Apache-2.0
"""kept: a process that is killed in the middle of calls, and one that takes its place on the same store."""
import contextlib
import os
import sqlite3
import time

from . import audio
from .endpoint import Fail

CDR = {"status": 200, "ended_by": "A", "cause": "bye", "a.peer": "caller", "b.peer": "callee", "route": "out",
       "attempts": [("callee", 200)]}

SILENT = {**CDR, "verdict": ...}  # without audio: there is a sentence if the call took long enough


def config(t, **more):
    return {"store": {"file": os.path.join(t.folder, "store.db")}, **more}


def path(t):
    return t.limen.config["store"]["file"]


def written(t, within=6.0):
    """All that is known of the calls is on disk."""
    end = time.monotonic() + within
    while True:
        m = t.limen.metrics()
        if not m["limen_calls_unwritten"] and not m["limen_store_queued"]:
            return
        if time.monotonic() > end:
            raise Fail(f"not all was written within {within} s")
        time.sleep(0.02)


def settled(t, within=6.0):
    """The store was given all that is known, whether or not it could be written."""
    t.wait_metric("limen_calls_unwritten", 0, within)


def kill(t):
    t.limen.kill()
    t.final_process()  # what it said until then


def again(t, calls=1, workers=None, kept=True):
    """kill -9, and a new process on the store. kept: waits for the record first."""
    if kept:
        written(t)
    kill(t)
    if workers:
        t.limen.env.update(LIMEN_TEST_WORKERS=str(workers))
    t.limen.start()
    t.equal(t.metric("limen_calls_restored_total"), calls, "calls restored")
    t.equal(t.metric("limen_calls"), calls, "calls alive")


def again_registered(t, n=1, live=None, workers=None, **changed):
    """kill -9 once all is written, and a new process that takes over n registrations. changed: of its configuration."""
    written(t)
    kill(t)
    if workers:
        t.limen.env.update(LIMEN_TEST_WORKERS=str(workers))
    if changed:
        t.limen.config.update(changed)
        t.limen.write_config()
    t.limen.start()
    t.equal(t.metric("limen_register_bindings_restored_total"), n, "registrations restored")
    t.equal(t.metric("limen_registrations_live"), n if live is None else live, "phones that can be reached")


def records(t, table="calls"):
    """{key: bytes} of the calls, or another table, in the store; the process must not run."""
    with contextlib.closing(sqlite3.connect(path(t))) as db:
        return dict(db.execute(f"SELECT key, bytes FROM {table}"))


def alter(t, sql, *args):
    with contextlib.closing(sqlite3.connect(path(t))) as db:
        db.execute(sql, args)
        db.commit()


def ended_after_a_kill(t):
    """A call that outlived a process and has ended in the next one. (key, record) as they were in the store."""
    a, b = talk(t)
    written(t)
    kill(t)
    (key, record), = records(t).items()
    t.limen.start()
    t.hang_up(a, b)
    t.wait_metric("limen_calls", 0)
    written(t)
    return key, record


def reinvite(t, x, y, way="sendonly", back="recvonly", method="INVITE", version=2, o=1):
    """x asks, y answers; what y and x see goes on from what they saw: CSeq, tags, o= and ports."""
    from .message import audio as line
    before = y.seen
    x.request(method, x.sdp(line(way=way), version=version))
    m = y.expect(method)
    t.equal(m.sdp.way(), way, "direction across")
    t.equal((m.tag("From"), m.tag("To"), m.call_id), (y.remote_tag, y.local_tag, y.call_id), "dialog across")
    t.check(m.cseq > y.asked, f"CSeq {m.cseq} after {y.asked}")
    t.equal((m.sdp.id, m.sdp.port()), (before.sdp.id, before.sdp.port()), "our o= and port")
    t.equal(m.sdp.version, before.sdp.version + o, "version in our o=")
    y.ok(sdp=y.sdp(line(way=back), version=version))
    ok = x.expect(f"200 {method}")
    t.equal(ok.sdp.way(), back, "direction back")
    t.equal((ok.sdp.id, ok.sdp.port()), (x.seen.sdp.id, x.seen.sdp.port()), "o= and port back")
    if method == "INVITE":
        x.ack()
        y.expect("ACK")
        time.sleep(0.05)  # nothing tells that the asker's ACK has been taken
    y.seen, x.seen, y.asked = m, ok, m.cseq


def talk(t, **kw):
    """As t.talk(); each dialog remembers in `seen` the last description of ours, and in `asked` our last CSeq."""
    a, b = t.talk(allow="INVITE, ACK, BYE, CANCEL, UPDATE", **kw)
    a.seen, b.seen = a.early, b.invite
    a.asked, b.asked = 0, b.invite.cseq
    return a, b


def call_with_audio(t):
    pa, pb = audio.phones(t)
    a, b = talk(t)
    pa.aim(a.early.sdp)
    pb.aim(b.invite.sdp)
    audio.both(pa, pb)
    return a, b, pa, pb
