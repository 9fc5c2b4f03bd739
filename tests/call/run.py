#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Scenarios: Limen between user agents, in network namespaces of its own. See README.md.

    run.py LIMEN [--machines PROGRAM] [--list] [--only NN[,NN]] [--variant v4|v6|workers] [--jobs 4] [--matrix full|fast] [--keep DIR]"""
import argparse
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from lib import netns  # noqa: E402
from lib.case import Case  # noqa: E402
from lib.endpoint import Fail  # noqa: E402

VARIANTS = ("v4", "v6", "workers")
AGAIN_MOST = 8  # more failures than this are no accident


def find_cases():
    out = []
    for f in sorted(os.listdir(os.path.join(HERE, "cases"))):
        m = re.match(r"(\d+)_(\w+)(\.py)?$", f)
        path = os.path.join(HERE, "cases", f)
        if m and os.path.isdir(path):
            path = os.path.join(path, "case.py")
        if m and os.path.exists(path):
            out.append((int(m.group(1)), path))
    return out


def load(path):
    spec = importlib.util.spec_from_file_location("case_" + os.path.basename(path)[:2], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def title(module):
    return module.__doc__.strip().split("\n")[0].rstrip(".")


# ---- one case, in a process of its own

def show(case, text):
    print(text)
    for e in case.endpoints:
        e.leftovers()  # into the ladder
    print("---- ladder\n" + case.ladder())
    for s in case.sipps:
        print(f"---- SIPp at the {s.who}\n" + s.trace()[-6000:] + s.errors())
    if case.limen:
        print("---- limen's log\n" + "\n".join(case.limen.log_lines()[-60:]))
        if os.path.exists(case.limen.errors):
            print("---- limen's standard error\n" + case.limen.stderr()[-6000:])
        print("---- call records\n" + "\n".join(str({k: v for k, v in c.items() if k != "media"})
                                                 for c in case.limen.cdrs()))


def run_one(args):
    number, variant = args.one.split(":")
    path = dict(find_cases())[int(number)]
    module = load(path)
    case = Case(module, int(number), variant, os.path.abspath(args.limen), args.folder, args.prefix)

    def on_signal(signum, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, on_signal)
    ok = False
    try:
        if hasattr(module, "prepare"):
            case.network.create = prepare_after(case, module.prepare)
        case.set_up()
        module.run(case)
        case.finish()
        ok = True
    except Fail as e:
        where = next((f"{os.path.basename(f.filename)}:{f.lineno}" for f in traceback.extract_tb(e.__traceback__)[::-1]
                      if "/cases/" in f.filename), "final state")
        show(case, f"FAIL {number} {title(module)} ({variant}), {where}: {e}")
    except KeyboardInterrupt:
        print(f"stopped: {number}")
    except Exception:
        show(case, f"FAIL {number} {title(module)} ({variant})\n{traceback.format_exc()}")
    finally:
        case.tear_down()
    return 0 if ok else 1


def prepare_after(case, prepare):
    """The case's own servers (DNS) start once the namespaces are there and before limen does."""
    create = case.network.create

    def both():
        create()
        prepare(case)
    return both


# ---- all of them

class Pool:
    def __init__(self, args, folder):
        self.args, self.folder, self.running, self.failed, self.passed = args, folder, {}, [], 0
        self.prefix = f"limen-{os.getpid()}"
        self.serial = 0
        self.slow = []

    def start(self, number, variant):
        self.serial += 1
        name = f"{number:02d}-{variant}"
        folder = os.path.join(self.folder, name)
        out = open(os.path.join(self.folder, name + ".out"), "w+")
        p = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), self.args.limen, "--one", f"{number}:{variant}",
                              "--folder", folder, "--prefix", f"{self.prefix}-{self.serial}"],
                             stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        self.running[p] = (number, variant, out, time.monotonic())

    def reap(self):
        for p in list(self.running):
            number, variant, out, began = self.running[p]
            code = p.poll()
            if code is None and time.monotonic() - began > 90:
                p.terminate()
            if code is None:
                continue
            del self.running[p]
            self.slow.append((time.monotonic() - began, number, variant))
            out.seek(0)
            text = out.read()
            out.close()
            if code == 0:
                self.passed += 1
            else:
                self.failed.append((number, variant))
                print(text if text.strip() else f"FAIL {number} ({variant}): ended with {code}", flush=True)

    def work(self, todo):
        todo = list(todo)
        while todo or self.running:
            while todo and len(self.running) < self.args.jobs:
                self.start(*todo.pop(0))
            self.reap()
            time.sleep(0.02)

    def again(self):
        """What failed among others runs once more, alone: on a busy machine a phone of ours may be late. Both runs are told."""
        failed, self.failed = self.failed, []
        if len(failed) > AGAIN_MOST:
            self.failed = failed
            return
        jobs, self.args.jobs = self.args.jobs, 1
        self.work(failed)
        self.args.jobs = jobs
        for n, v in failed:
            if (n, v) not in self.failed:
                print(f"passed alone, failed among others: {n:02d}:{v}")

    def stop(self):
        for p in self.running:
            p.terminate()
        for p in self.running:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
        netns.remove_all(self.prefix + "-")


def variants_of(args, module, index):
    allowed = getattr(module, "VARIANTS", VARIANTS)
    if args.variant:
        return [v for v in allowed if v in args.variant.split(",")]
    if args.matrix == "full":
        return list(allowed)
    return [allowed[index % len(allowed)]]


def chosen(args):
    only = None
    if args.only:
        only = {int(x) for x in args.only.split(",")}
    return [(n, load(p)) for n, p in find_cases() if not only or n in only]


def cells_verdict(args, pool):
    """The cells of the state machines that no case reached, held against the golden list. True: as expected."""
    from lib import cells
    return cells.verdict(args.machines, pool.folder, os.path.join(HERE, "cells_unreached.txt"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("limen", nargs="?")
    p.add_argument("--machines")
    p.add_argument("--list", action="store_true")
    p.add_argument("--only")
    p.add_argument("--variant")
    p.add_argument("--jobs", type=int, default=4)
    p.add_argument("--matrix", choices=("full", "fast"), default="full")
    p.add_argument("--keep")
    p.add_argument("--times", action="store_true")
    p.add_argument("--one", help=argparse.SUPPRESS)
    p.add_argument("--folder", help=argparse.SUPPRESS)
    p.add_argument("--prefix", help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.one:
        return run_one(args)
    if args.list:
        for n, module in chosen(args):
            print(f"{n:02d} {title(module)}")
        return 0
    why = netns.usable() or (None if shutil.which("sipp") else "no sipp (sip-tester)")
    if why:
        print(f"skipped: scenarios need root, network namespaces and SIPp: {why}")
        return 77
    args.limen = os.path.abspath(args.limen)
    beside = os.path.join(os.path.dirname(args.limen), "..", "tests", "call", "print_machines")
    if not args.machines and os.path.exists(beside):
        args.machines = beside
    cases = []
    for n, module in chosen(args):
        why = getattr(module, "NEEDS", lambda: None)()
        if why:
            print(f"skipped {n:02d} {title(module)}: {why}")
        else:
            cases.append((n, module))
    todo = [(n, v) for i, (n, m) in enumerate(cases) for v in variants_of(args, m, i)]
    folder = args.keep or tempfile.mkdtemp(prefix="limen-call-")
    os.makedirs(folder, exist_ok=True)
    pool = Pool(args, folder)

    def on_signal(signum, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, on_signal)
    cells_ok = True
    try:
        pool.work(todo)
        pool.again()
        if args.machines and not args.only and args.matrix == "full" and not args.variant:
            cells_ok = cells_verdict(args, pool)
            if cells_ok:
                pool.passed += 1
    finally:
        pool.stop()
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if args.times:
        for s, n, v in sorted(pool.slow)[-15:]:
            print(f"{s:6.1f} s  {n:02d} {v}")
    if pool.failed:
        print("failed: " + " ".join(f"{n:02d}:{v}" for n, v in sorted(pool.failed)))
    print(f"{pool.passed} passed, {len(pool.failed) + (0 if cells_ok else 1)} failed")
    return 1 if pool.failed or not cells_ok else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
