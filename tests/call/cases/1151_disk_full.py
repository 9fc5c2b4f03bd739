# SPDX-License-Identifier: Apache-2.0
"""The store's disk is full: calls go on, `limen call list` says which are not kept; with room again they outlive the process.

A call's record waits in memory meanwhile; the next process knows what reached the disk."""
import json
import os
import subprocess

from lib import kept

CDR = [kept.SILENT, kept.SILENT]
ERRORS = "store not written"


def mount(t):
    disk = os.path.join(t.folder, "disk")
    os.makedirs(disk, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "limen-test", disk], check=True)
    return disk


def CONFIG(t):
    t.disk = mount(t)
    return {"store": {"file": os.path.join(t.disk, "store.db")}}


def fill(t):
    with open(os.path.join(t.disk, "ballast"), "wb", buffering=0) as f:
        try:
            while f.write(b"x" * 4096):
                pass
        except OSError:
            pass


def run(t):
    try:
        dialogue(t)
    finally:
        subprocess.run(["umount", "-l", t.disk], check=True)


def how(t):
    kept.settled(t)
    return [c["kept"] for c in json.loads(t.limen.command("call", "list", "--json"))["calls"]]


def dialogue(t):
    fill(t)
    a, b = kept.talk(t)
    t.wait_log("store not written, trying again")
    t.check(t.metric("limen_store_errors_total") > 0, "no error counted")
    kept.reinvite(t, a, b)
    t.hang_up(a, b)
    a, b = kept.talk(t)
    kept.reinvite(t, b, a)
    t.equal(how(t), ["waits"], "kept, while the disk is full")
    head, line = t.limen.command("call", "list").splitlines()[:2]
    t.equal((head.split()[-1], line.split()[-1]), ("KEPT", "waits"), "the list")
    os.unlink(os.path.join(t.disk, "ballast"))
    t.wait_log("store written again")
    kept.written(t)
    t.equal(how(t), ["yes"], "kept")
    kept.again(t)
    kept.reinvite(t, a, b, "sendrecv", "sendrecv", version=3)
    t.hang_up(a, b)
    t.wait_metric("limen_calls", 0)
    kept.written(t)
    t.limen.stop()
    t.limen.process = None
    t.limen.config["store"]["file"] = os.path.join(t.folder, "store.db")
    t.limen.write_config()
    t.limen.start()
