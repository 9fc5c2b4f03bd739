# SPDX-License-Identifier: Apache-2.0
"""INVITEs by the hundred on six connections, while queues between workers hold sixteen: each gets its final answer, once.
Nobody repeats one over TCP (RFC 3261 §17.2.1), so none may be lost to a full queue."""
import time

CDR = None
N = 600
CONFIG = {"limits": {"queue": 16},
          "routes": [{"match": {"ruri": "exact:nobody"}, "deny": {"code": 404}}, {"match": {"peer": "caller"}, "target": "callee"}]}


def run(t):
    ep = t.a_tcp
    conns = [ep.connect() for _ in range(6)]
    calls = [t.caller(ep, to="nobody") for _ in range(N)]
    for i, s in enumerate(conns):
        s.sendall(b"".join(c.call(send=False) for c in calls[i::6]))
    end = time.monotonic() + 15
    while len(ep.inbox) + lost(t) < N and time.monotonic() < end:
        ep.pump(0.2)
    finals = [m.call_id for m in ep.inbox if m.status != 100]
    t.equal((len(finals) + lost(t), len(set(finals))), (N, len(finals)), "final answers, and calls that have one")
    t.equal({m.status for m in ep.inbox}, {404}, "answers")
    by_id = {m.call_id: m for m in ep.inbox}
    for i, s in enumerate(conns):
        s.sendall(b"".join(ack(c, by_id[c.call_id]) for c in calls[i::6] if c.call_id in by_id))
    ep.inbox.clear()
    t.equal(ep.repeats, [], "repetitions")
    t.wait_metric("limen_calls", 0)


def lost(t):
    """Requests, on the second way that random delivery sends them: counted, and none without it."""
    return t.metric('limen_rejects_total{reason="queue_full"}') if t.workers else 0


def ack(c, m):
    sent = []
    send, c.ep.send = c.ep.send, lambda raw, **kw: sent.append(raw)
    c.ack_refusal(m)
    c.ep.send = send
    return sent[0]
