#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real phones behind a masquerading NAT register through Limen at Kamailio, call a carrier and are called by it. See README.md.

    run.py LIMEN [--list] [--only NAME[,NAME]] [--jobs 2] [--keep DIR]"""
import argparse
import os
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

from lib import cases  # noqa: E402
from lib.scene import Failed  # noqa: E402

PROGRAMS = {"ip": "iproute2", "nft": "nftables", "dumpcap": "tshark", "tshark": "tshark", "sipp": "sip-tester", "kamailio": "kamailio"}
AGAIN_MOST = 2  # more failures than this are no accident
LONGEST_S = 90


def lacking(name):
    """What the case needs and this machine has not, or None."""
    if os.geteuid() != 0:
        return "root"
    for program, package in {**PROGRAMS, **cases.CASES[name].needs}.items():
        if not shutil.which(program) and not os.path.exists(program):
            return "%s (package %s)" % (program, package)
    return None


# ---- one case, in a process of its own

def show(folder, words):
    print(words)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".log") and not name.startswith("dumpcap"):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
                print("---- %s\n%s" % (name, "".join(f.readlines()[-40:])[-6000:]))


def run_one(args):
    case = cases.CASES[args.one]
    os.makedirs(args.folder, exist_ok=True)
    os.chmod(args.folder, 0o755)
    scene = cases.scene_of(case, args.folder, args.prefix, os.path.abspath(args.limen))

    def on_signal(signum, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, on_signal)
    try:
        scene.set_up()
        case.run(scene)
        return 0
    except Failed as e:
        where = " (%s)" % scene.calls[-1].words if scene.calls and not scene.calls[-1].end else ""
        show(args.folder, "FAIL %s%s: %s" % (args.one, where, e))
    except KeyboardInterrupt:
        print("stopped: " + args.one)
    except Exception:
        show(args.folder, "FAIL %s\n%s" % (args.one, traceback.format_exc()))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        scene.net.close()
    return 1


# ---- all of them

class Pool:
    def __init__(self, args, folder):
        self.args, self.folder, self.running, self.failed, self.passed, self.serial = args, folder, {}, [], 0, 0

    def start(self, name):
        self.serial += 1
        folder = os.path.join(self.folder, "%s-%d" % (name, self.serial))
        shutil.rmtree(folder, ignore_errors=True)  # of an earlier run with --keep
        out = open(folder + ".out", "w+", encoding="utf-8", errors="replace")
        p = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), self.args.limen, "--one", name, "--folder", folder,
                              "--prefix", "limen-clients-%d" % self.serial],
                             stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        self.running[p] = (name, out, time.monotonic())

    def reap(self):
        for p, (name, out, began) in list(self.running.items()):
            if p.poll() is None:
                if time.monotonic() - began > LONGEST_S:
                    p.terminate()
                continue
            del self.running[p]
            out.seek(0)
            text = out.read()
            out.close()
            if p.returncode == 0:
                self.passed += 1
            else:
                self.failed.append(name)
                print(text.strip() or "FAIL %s: ended with %d" % (name, p.returncode), flush=True)

    def work(self, todo, jobs):
        todo = list(todo)
        while todo or self.running:
            while todo and len(self.running) < jobs:
                self.start(todo.pop(0))
            self.reap()
            time.sleep(0.05)

    def again(self):
        """What failed among others runs once more, alone: on a busy machine a phone may be late. Both runs are told."""
        if len(self.failed) > AGAIN_MOST:
            return
        failed, self.failed = self.failed, []
        self.work(failed, 1)
        for name in failed:
            if name not in self.failed:
                print("passed alone, failed among others: " + name)

    def stop(self):
        for p in self.running:
            p.terminate()
        for p in self.running:
            p.wait()  # it ends what it started, and its namespaces


def run_all(args):
    names = args.only.split(",") if args.only else list(cases.CASES)
    unknown = [n for n in names if n not in cases.CASES]
    if unknown:
        print("no such case: " + ", ".join(unknown))
        return 2
    todo = []
    for name in names:
        why = lacking(name)
        if why:
            print("skipped: %s: needs %s" % (name, why))
        else:
            todo.append(name)
    if not todo:
        return 77
    folder = args.keep or tempfile.mkdtemp(prefix="limen-clients-")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)
    pool = Pool(args, folder)
    try:
        pool.work(todo, args.jobs)
        pool.again()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pool.stop()
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed" % (pool.passed, len(pool.failed)))
    return 1 if pool.failed else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("limen", nargs="?")
    p.add_argument("--list", action="store_true")
    p.add_argument("--only")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--keep")
    p.add_argument("--one", help=argparse.SUPPRESS)
    p.add_argument("--folder", help=argparse.SUPPRESS)
    p.add_argument("--prefix", help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.list:
        for name, case in cases.CASES.items():
            print("%-14s %s" % (name, case.title))
        return 0
    if not args.limen:
        p.error("LIMEN is missing")
    if args.one:
        return run_one(args)

    def on_signal(signum, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, on_signal)
    return run_all(args)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
