# SPDX-License-Identifier: Apache-2.0
"""More calls than a target may be given: 480; calls per second likewise."""
CONFIG = {"peers": {"callee": {"limits": {"calls_out": 1}}, "caller": {"limits": {"cps": 3}}}}
CDR = lambda t: [{"status": 480, "ended_by": "limen", "attempts": [("callee", 0)], "causes": ["target_calls"]},
                 {"status": 200, "ended_by": "A"}]


def run(t):
    a, b = t.talk()
    over = t.caller()
    over.call()
    over.refused(480)
    t.hang_up(a, b)
    seen = []
    for _ in range(6):
        x = t.caller()
        x.call()
        m = x.expect((503, 480, 100)) if False else None
        seen.append(x)
    for x in seen[3:]:
        pass
    t.finish_burst = seen
    burst(t, seen)


def burst(t, seen):
    """Of six at once some are over the rate; the others ring and are cancelled."""
    import time
    time.sleep(0.2)
    t.a.pump(0)
    t.b.pump(0)
    refused = [m for m in t.a.inbox if m.status in (503, 480)]
    t.check(any(m.status == 503 for m in refused), "none was refused for the rate")
    for x in seen:
        mine = [m for m in refused if m.call_id == x.call_id]
        if mine:
            x.refused((503, 480))
    t.b_invites = [m for m in t.b.inbox if m.method == "INVITE"]
    from lib.dialog import Callee
    for m in t.b_invites:
        t.b.inbox.remove(m)
        c = Callee(t.b, m)
        c.reply(486, "Busy Here")
        c.expect("ACK")
    for x in seen:
        if not any(m.call_id == x.call_id for m in refused):
            x.refused(486)
