# SPDX-License-Identifier: Apache-2.0
"""`limen call end` ends an answered call by BYE on both sides, and a ringing one by CANCEL and 503; the record says so."""
import json


def CDR(t):
    return [{"status": 200, "ended_by": "limen", "cause": "ended by operator"},
            {"status": 503, "ended_by": "limen", "cause": "ended by operator"}]


def run(t):
    a, b = t.talk()
    id = only(t)
    t.check(f"ended {id}" in t.limen.command("call", "end", id), "it does not say so")
    a.expect("BYE")
    a.ok()
    b.expect("BYE")
    b.ok()
    t.wait_metric("limen_calls", 0, within=8)
    t.limen.command("call", "end", id, status=1)

    a = t.caller()
    a.call()
    b = t.callee()
    b.reply(180, "Ringing")
    a.expect(180)
    id = only(t)
    t.limen.command("call", "end", id)
    a.refused(503)
    b.expect("CANCEL")
    t.check("ending already" in t.limen.command("call", "end", id, status=1), "it ends a second time")
    b.ok()
    b.reply(487, "Request Terminated", to=b.invite)
    b.expect("ACK")


def only(t):
    calls = json.loads(t.limen.command("call", "list", "--json"))["calls"]
    t.equal(len(calls), 1, "calls alive")
    return calls[0]["id"]
