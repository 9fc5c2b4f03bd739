# SPDX-License-Identifier: Apache-2.0
"""A worker that does not turn (its thread is stopped) costs the list two seconds and its own calls, and the list says so;
the others go on, and so does the list once it turns again."""
import ctypes
import json
import os
import time

VARIANTS = ["workers"]
CDR = None
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, tid):
    if libc.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace({request:#x})")


def threads(t):
    """Worker -> thread id."""
    folder, out = f"/proc/{t.limen.process.pid}/task", {}
    for tid in os.listdir(folder):
        name = open(f"{folder}/{tid}/comm").read().strip()
        if name.startswith("limen-sip-"):
            out[int(name.removeprefix("limen-sip-"))] = int(tid)
    return out


def run(t):
    calls = [t.talk() for _ in range(6)]
    whole = json.loads(t.limen.command("call", "list", "--json"))
    t.equal([len(whole["calls"]), whole["workers_missing"]], [6, 0], "the whole list")
    tid = threads(t)[1]
    ptrace(PTRACE_SEIZE, tid)
    try:
        ptrace(PTRACE_INTERRUPT, tid)
        os.waitpid(tid, 0x40000000)  # __WALL: it stands still
        partial(t, whole)
    finally:
        ptrace(PTRACE_DETACH, tid)
    again = json.loads(t.limen.command("call", "list", "--json"))
    t.equal([x["id"] for x in again["calls"]], [x["id"] for x in whole["calls"]], "the list once it turns again")
    for a, b in calls:
        t.hang_up(a, b)


def partial(t, whole):
    began = time.monotonic()
    said = t.limen.command("call", "list", status=1, timeout=8)
    took = time.monotonic() - began
    t.check(1.5 < took < 5, f"it took {took:.1f} s")
    t.check("1 of its workers did not answer in time: this is not all" in said, f"it does not say so: {said}")
    there = {x["id"] for x in t.limen.rpc("dlg.list")[1]["result"]["calls"]}
    missing = [x["id"] for x in whole["calls"] if x["id"] not in there]
    t.equal(len(there) + len(missing), 6, "calls that are there and that are not")
    for id in there:  # by a worker that turns
        t.check("talking" in t.limen.command("call", "show", id), "a call of another worker")
    for id in missing:
        t.equal(t.limen.rpc("dlg.show", id=id)[1]["error"]["code"], -32005, "a call of the stuck worker")
