# SPDX-License-Identifier: Apache-2.0
"""More REGISTERs than the core gets per second: the rest is answered 503 with a Retry-After by chance; refreshes are
answered here, and a call goes through meanwhile."""
from lib.registration import Phone, Registrar, config

CDR = [{"status": 200, "ended_by": "A"}]
N = 40


def CONFIG(t):
    c = config(t, core_rate=50)
    c["routes"] = c["routes"][:1]
    return c


def run(t):
    registrar = Registrar(t.b)
    phones = [Phone(t.a, f"user{i}") for i in range(N)]
    for p in phones:
        p.send()
    accepted = 0
    while t.metric("limen_register_core_limited_total") + t.metric("limen_register_relayed_total") < N or (
            len(t.b.inbox) < t.metric("limen_register_relayed_total")):
        t.b.pump(0.05)
    while t.b.inbox:
        registrar.take()
        accepted += 1
    t.check(5 <= accepted <= 12, f"{accepted} of {N} reached the core at once")
    answers = t.a.gather(0.5)
    ok = [m for m in answers if m.is_(200)]
    busy = [m for m in answers if m.is_(503)]
    t.equal((len(ok), len(busy)), (accepted, N - accepted), "accepted and turned away")
    t.check(len({m["Retry-After"] for m in busy}) > 3, "the Retry-Afters are all alike")
    lucky = [p for p in phones if p.call_id in {m.call_id for m in ok}]
    for p in lucky:
        p.send()
    t.equal(len([m for m in t.a.gather(0.5) if m.is_(200)]), accepted, "refreshes answered")
    t.b.expect_quiet(0.1)
    a, b = t.talk()
    t.hang_up(a, b)
    for p in lucky:
        while True:
            p.send(p.contact(0))
            t.b.pump(0.3)
            if t.b.inbox:
                registrar.take()
                p.answered()
                break
            p.answered(503)
