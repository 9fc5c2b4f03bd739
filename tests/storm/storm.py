#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registration storm beside calls, through a real Limen, in a network namespace of its own.

usage: storm.py LIMEN STORM [--keep]

10,000 phones come within 10 s while 100 calls/s run. They are more than the core is to be asked for: it gets no more REGISTERs
a second than it should, who is sent away comes back, and all are registered in the end. Refreshes reach nobody but Limen; the
configuration is read again; all unregister, and come again under the default bound; then nothing is left. It needs root and unshare(1); without them it says so and ends with 77."""
import argparse
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PHONES, SECONDS, CALLS = 10000, 10, 100
CORE_RATE = 800  # a fifth less than what the storm asks of the core
DEFAULT_CORE_RATE = 1000  # as much
HURRY = 16  # of a Retry-After of 5 to 64 s, phones here wait the sixteenth part
QUICK_S = 2.5
SETUP_P99_MS = 100
T1_MS = 100
MANAGE = ("127.0.0.1", 8080)


def config(folder, core_rate):
    def network(ip):
        return {"listen": f"udp:{ip}:5060", "media": {"address": ip, "ports": "10000-59999"}}

    return {
        "networks": {"near": {**network("127.0.1.1"), "unknown": "accept", "nat": True, "source_rate": 0},
                     "far": network("127.0.2.1")},
        "peers": {"caller": {"network": "near", "targets": "127.0.1.3", "sources": "127.0.1.3"},
                  "core": {"network": "far", "targets": "127.0.2.2"}},
        "routes": [{"match": {"peer": "caller"}, "target": "core"}, {"match": {"network": "near"}, "target": "core"}],
        # a host with a thousand ports each of which is a phone; and the same names time and again
        "limits": {"registrations_source": PHONES},
        "registrations": {} if core_rate is None else {"core_rate": core_rate},
        "timers": {"t1": T1_MS, "t2": 4 * T1_MS, "t4": 4 * T1_MS},
        "media": {"port_cooldown_ms": 100},
        "manage": {"listen": "%s:%d" % MANAGE},
        "log": {"level": "info", "file": os.path.join(folder, "limen.log")},
    }


class Limen:
    def __init__(self, exe, folder):
        self.folder, self.path = folder, os.path.join(folder, "limen.json")
        self.write(CORE_RATE)
        self.exe = exe
        self.errors = open(os.path.join(folder, "stderr.txt"), "w+")
        self.process = subprocess.Popen([exe, "run", self.path], stdin=subprocess.DEVNULL, stdout=self.errors,
                                        stderr=self.errors)

    def write(self, core_rate):
        with open(self.path, "w") as f:
            json.dump(config(self.folder, core_rate), f, indent=1)

    def reload(self, core_rate):
        before = self.log().count("reload done")
        self.write(core_rate)
        self.process.send_signal(signal.SIGHUP)
        until("reload", 5, lambda: self.log().count("reload done") > before)

    def get(self, path):
        with socket.create_connection(MANAGE, 5) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: storm\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while piece := s.recv(65536):
                data += piece
        return data.decode(errors="replace")

    def ready(self):
        try:
            return " 200 " in self.get("/readyz").split("\r\n")[0]
        except OSError:
            return False

    def metrics(self):
        """name -> value, of several with labels the sum; name{labels} -> value."""
        values = {}
        for line in self.get("/metrics").splitlines():
            name, _, value = line.rpartition(" ")
            try:
                v = float(value)
            except ValueError:
                continue
            values[name] = v
            if "{" in name:
                values[name.split("{")[0]] = values.get(name.split("{")[0], 0) + v
        return values

    def log(self):
        with open(os.path.join(self.folder, "limen.log")) as f:
            return f.read()

    def sanitized(self):
        with open(f"/proc/{self.process.pid}/maps") as f:
            return "san.so" in f.read()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def rss_kb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(x.split()[1]) for x in f if x.startswith("VmRSS:"))


def until(what, seconds, fn):
    end = time.monotonic() + seconds
    while not fn():
        if time.monotonic() > end:
            sys.exit(f"storm: {what}: not within {seconds} s")
        time.sleep(0.05)


class Storm:
    def __init__(self, exe, folder, phones=PHONES, sockets=PHONES):
        self.process = subprocess.Popen([exe, str(phones), str(sockets)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        if self.process.stdout.readline() != "ready\n":
            sys.exit("storm: the generator did not start")

    def wave(self, seconds, expires, calls, limit):
        self.process.stdin.write(f"{seconds} {expires} {calls} {HURRY} {limit}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("storm: the generator ended")
        return json.loads(line)


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, ok, text):
        if not ok:
            self.failed += 1
            print("FAILED: " + text)

    def equal(self, got, want, what):
        self(got == want, f"{what}: {got}, not {want}")

    def at_most(self, got, bound, what):
        self(got <= bound, f"{what}: {got}, at most {bound}")


def accepted(check, what, f):
    """Every phone in the end, and no call the worse for it."""
    print(f"{what}: {json.dumps(f)}", flush=True)
    check.equal((f["accepted"], f["failed"]), (PHONES, 0), f"{what}: phones accepted and failed")
    check.equal((f["calls_ok"], f["calls_failed"]), (f["calls"], 0), f"{what}: calls that went through and that failed")
    check.at_most(f["setup_p99_us"] / 1000, SETUP_P99_MS, f"{what}: p99 of call set-up, ms")


def bounded(check, what, f, rate):
    """What the core saw, by its own clock. A tenth of a second's worth may come at once, and a busy machine delivers late
    what was sent in time."""
    check(f["calls"] >= 0.9 * CALLS * SECONDS, f"{what}: only {f['calls']} calls")
    check.at_most(f["core_1s"], 1.1 * rate + 1 + rate / 10, f"{what}: REGISTERs at the core in a second")
    check.at_most(f["core_100ms"], 0.2 * rate + 1 + rate / 10, f"{what}: REGISTERs at the core in 100 ms")


def run(check, limen, storm):
    descriptors, rss = limen.descriptors(), limen.rss_kb()

    f = storm.wave(SECONDS, 600, CALLS, 60)
    accepted(check, "storm", f)
    m = limen.metrics()
    check(f["turned_away"] > 0, "storm: the core's bound was never reached")
    check.equal(m["limen_register_core_limited_total"], f["turned_away"], "storm: counted as turned away")
    bounded(check, "storm", f, CORE_RATE)
    # at that rate they need 12.5 s, and who was sent away last comes back within 4 s
    check.at_most(f["seconds"], PHONES / CORE_RATE + 64 / HURRY + 4, "storm: seconds until every phone was registered")
    check.equal((m["limen_registrations"], m["limen_registrations_live"]), (PHONES, PHONES), "storm: registrations")
    held = limen.rss_kb()

    f = storm.wave(QUICK_S, 600, CALLS, 30)
    accepted(check, "refreshes", f)
    check.equal((f["core"], f["turned_away"]), (0, 0), "refreshes: at the core, turned away")
    m = limen.metrics()
    # what a phone repeated is answered, and not counted again
    check.equal(m["limen_register_absorbed_total"], PHONES, "refreshes: absorbed")

    # without the bound, so that phones may all go at once
    limen.reload(0)
    f = storm.wave(QUICK_S, 0, CALLS, 30)
    accepted(check, "unregistering", f)
    after = limen.rss_kb()

    # the bound that is there when nothing is said: as many a second as come
    limen.reload(None)
    f = storm.wave(SECONDS, 600, CALLS, 60)
    accepted(check, "by default", f)
    bounded(check, "by default", f, DEFAULT_CORE_RATE)
    limen.reload(0)
    accepted(check, "unregistering again", storm.wave(QUICK_S, 0, CALLS, 30))
    gauges = ["limen_registrations", "limen_registrations_live", "limen_registrations_aors",
              "limen_registrations_pending", "limen_transactions", "limen_calls"]

    def left():
        m = limen.metrics()
        return {k: m[k] for k in gauges if m[k]}

    until("transactions end", 64 * T1_MS / 1000 + 5, lambda: not left())
    until("descriptors as at first", 5, lambda: limen.descriptors() == descriptors)
    print(f"RSS: {rss} kB at first, {held} with all registered, {after} after, {limen.rss_kb()} after a second round",
          flush=True)
    if not limen.sanitized():  # they keep what is freed
        check.at_most(limen.rss_kb(), after + 0.25 * (held - rss), "RSS after a second round, kB")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("limen")
    p.add_argument("storm")
    p.add_argument("--keep", action="store_true")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    if not a.inside:
        if os.geteuid() != 0 or not shutil.which("unshare"):
            print("skip: the storm needs root and unshare")
            return 77
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, *sys.argv, "--inside"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder, check, children = tempfile.mkdtemp(prefix="limen-storm-"), Checks(), []
    try:
        limen = Limen(os.path.abspath(a.limen), folder)
        children.append(limen.process)
        until("limen ready", 10, limen.ready)
        storm = Storm(os.path.abspath(a.storm), folder)
        children.append(storm.process)
        run(check, limen, storm)
        storm.process.stdin.close()
        limen.process.send_signal(signal.SIGTERM)
        check.equal(limen.process.wait(10), 0, "exit code")
        limen.errors.seek(0)
        check.equal(limen.errors.read(), "", "standard error")
    finally:
        for c in children:
            if c.poll() is None:
                c.kill()
                c.wait()
        if a.keep:
            print("kept: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
