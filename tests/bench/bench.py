#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limen's figures beside Kamailio's and rtpengine's, on this machine and in the same run.

usage: bench.py BUILD_DIR [--quick] [--keep] [NAME...]

NAME is an item (none: all of them). --quick: short runs, for trying the bench itself. --keep: the work directory with
configurations and logs stays. Everything happens in network namespaces of its own, which are removed at the end."""
import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile

from lib import calls, looked_at, memory, process, register, relay, space
from lib.peers import Mirror
from lib.process import BenchError
from lib.report import Report
from lib.systems import Limen

ITEMS = {
    "calls": calls.item_calls,
    "max": calls.item_max,
    "media-calls": calls.item_media_calls,
    "checkpoint": calls.item_checkpoint,
    "memory": memory.item_memory,
    "relay": relay.item_relay,
    "flat": relay.item_flat,
    "register": register.item_register,
    "looked-at": looked_at.item_looked_at,
}
HERE = os.path.dirname(os.path.abspath(__file__))


class Systems:
    """The systems of one measurement; stopped at its end."""

    def __init__(self, work):
        self.work, self.all = work, []

    def add(self, kind, name, **more):
        system = kind(name, tempfile.mkdtemp(dir=self.work), **more)
        self.all.append(system)
        return system

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        process.stop_all()


class Bench:
    def __init__(self, build, quick, work):
        self.quick, self.work = quick, work
        self.rtpgen = os.path.join(build, "tests/bench/rtpgen")
        self.report = Report(os.path.join(HERE, "results"))

    def systems(self):
        return Systems(self.work)

    def run(self, names):
        for name in names:
            print("%s:" % name, flush=True)
            self.report.item = name
            try:
                ITEMS[name](self)
            except BenchError as e:
                print("  %s" % e, flush=True)
                self.report.failed(name, str(e))


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("build", help="build directory, configured with -Dbench=true")
    p.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ITEMS))
    p.add_argument("--quick", action="store_true", help="short runs, for trying the bench itself")
    p.add_argument("--keep", action="store_true", help="keep the work directory")
    a = p.parse_intermixed_args(argv)
    for name in a.names:
        if name not in ITEMS:
            p.error("no item %s; there are: %s" % (name, ", ".join(ITEMS)))
    return a


def main(argv):
    a = parse(argv)
    if os.geteuid() != 0:
        sys.exit("bench: network namespaces need root")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(143))
    build = os.path.abspath(a.build)
    Limen.program = os.path.join(build, "sbc/limen")
    Mirror.program = os.path.join(build, "tests/bench/mirror")
    work = tempfile.mkdtemp(prefix="limen-bench-")
    os.chmod(work, 0o755)
    bench = Bench(build, a.quick, work)
    try:
        space.create()
        bench.run(a.names or list(ITEMS))
    except KeyboardInterrupt:
        print("\nended early")
        return 130
    finally:
        process.stop_all()
        space.destroy()
        if a.keep:
            print("kept: " + work)
        else:
            shutil.rmtree(work, ignore_errors=True)
        if bench.report.rows:
            bench.report.print_table()
    return 1 if bench.report.any_failed() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
