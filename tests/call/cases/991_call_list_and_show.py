# SPDX-License-Identifier: Apache-2.0
"""`limen call list` and `show` tell a live call: who, where, since when, and what its media does.

Twelve calls more, so that pages and workers have something to be put together from."""
import json

from lib import rtp

CDR = None
CALLS = 13


def run(t):
    pa, pb = t.phone("caller", mark=1), t.phone("callee", mark=2)
    t.check("0 of 0 calls" in t.limen.command("call", "list"), "no calls, and yet a list")
    a, b = t.talk()
    to_a, to_b = a.early.sdp, b.invite.sdp
    rtp.talk(pa, (to_a.address(), to_a.port()), pb, (to_b.address(), to_b.port()), seconds=0.5)
    call = whole_call(t, a, b)
    more = [t.talk() for _ in range(CALLS - 1)]
    all_of_them(t, call["id"])
    t.check("is no id of a call" in t.limen.command("call", "show", "nonsense", status=1), "nonsense was shown")
    for x, y in [(a, b)] + more:
        t.hang_up(x, y)
    gone(t, call["id"])


def whole_call(t, a, b):
    listed = json.loads(t.limen.command("call", "list", "--json"))
    t.equal([listed["total"], len(listed["calls"]), listed["workers_missing"]], [1, 1, 0], "the list of one call")
    brief = listed["calls"][0]
    t.equal([brief["state"], brief["a_state"], brief["b_state"], brief["route"]],
            ["talking", "confirmed", "confirmed", "out"], "its states")
    call = json.loads(t.limen.command("call", "show", brief["id"], "--json"))
    t.equal([call["a"]["peer"], call["a"]["network"], call["b"]["peer"], call["b"]["network"]],
            ["caller", "access", "callee", "core"], "its sides")
    t.equal([call["a"]["call_id"], call["b"]["call_id"]], [a.call_id, b.invite["Call-ID"]], "its Call-IDs")
    t.equal([(x["peer"], x["status"]) for x in call["attempts"]], [("callee", 200)], "its attempts")
    t.equal([call["answer"] is not None, call["cause"], call["media_known"]], [True, None, True], "its facts")
    for way in ("from_a", "from_b"):
        t.check(call["media"][0][way]["packets"] > 10, f"packets {way}: {call['media'][0][way]['packets']}")
    t.equal(call["described_a"][0]["codecs"][0], "PCMA/8000", "the codec told to A")
    t.equal(call["ports_a"][0].rpartition(":")[2], str(a.early.sdp.port()), "our port towards A")
    t.equal(call["verdict"], {"from_a": None, "from_b": None}, "the verdict")
    text = t.limen.command("call", "show", brief["id"])
    for word in (call["id"], "caller", "callee", "PCMA/8000", a.call_id, "nothing is wrong so far"):
        t.check(word in text, f"{word} is not in what is shown: {text}")
    return call


def all_of_them(t, first):
    listed = json.loads(t.limen.command("call", "list", "--json"))["calls"]
    t.equal(len(listed), CALLS, "calls in the list")
    t.equal(listed[0]["id"], first, "the oldest")
    t.equal([x["start"] for x in listed], sorted(x["start"] for x in listed), "the order")
    t.equal(len({x["id"] for x in listed}), CALLS, "different ids")
    t.equal(len(json.loads(t.limen.command("call", "list", "--limit", "5", "--json"))["calls"]), 5, "a limit of five")
    got, after = [], None
    while True:  # pages of two
        page = t.limen.rpc("dlg.list", limit=2, after=after)[1]["result"]
        t.check(len(page["calls"]) <= 2, "a page of more than two")
        got += [x["id"] for x in page["calls"]]
        after = page["next"]
        if after is None:
            break
    t.equal(got, [x["id"] for x in listed], "the pages together")
    lines = t.limen.command("call", "list").splitlines()
    t.equal(lines[0].split(), "ID STATE AGE TALK FROM TO A B ROUTE".split(), "the head of the table")
    t.equal(len(lines), CALLS + 2, "lines of the table")


def gone(t, id):
    t.wait_metric("limen_calls", 0, within=8)
    t.check("there is no call of this id" in t.limen.command("call", "show", id, status=1), "a dead call is shown")
