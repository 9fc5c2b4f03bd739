# SPDX-License-Identifier: Apache-2.0
"""What looking costs those who are served: how long SIP waits, and a loop's turns last, while everything that is held is
listed and the configuration is read again."""
import socket
import threading
import time

from . import sipp, space
from .process import BenchError
from .systems import Limen

OVER = ("0.001", "0.002", "0.005", "0.020", "0.100")  # of limen_worker_long_turns_total
PAUSE_S = 0.001


class Prober(threading.Thread):
    """Asks by OPTIONS, one at a time, and notes how long each answer took."""

    def __init__(self, system):
        super().__init__(daemon=True)
        self.system, self.us, self.over = system, [], False
        self.sock = space.socket_in(space.NEAR)
        self.sock.bind((space.CALLER_IP, 5090))
        self.sock.settimeout(2)

    def run(self):
        n = 0
        while not self.over:
            n += 1
            text = ("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5090;branch=z9hG4bKp%d-%d\r\nMax-Forwards: 70\r\n"
                    "From: <sip:probe@%s>;tag=p\r\nTo: <sip:%s>\r\nCall-ID: probe-%d-%d\r\nCSeq: 1 OPTIONS\r\n"
                    "Content-Length: 0\r\n\r\n" % (self.system.near, space.CALLER_IP, id(self), n, space.CALLER_IP,
                                                  self.system.near, id(self), n))
            begun = time.monotonic()
            self.sock.sendto(text.encode(), (self.system.near, 5060))
            try:
                self.sock.recv(65536)
            except socket.timeout:
                pass
            self.us.append(1e6 * (time.monotonic() - begun))
            time.sleep(PAUSE_S)

    def stop(self):
        self.over = True
        self.join()
        self.sock.close()
        return sorted(self.us)


def long_turns(system):
    m = system.metrics()
    return [int(m['limen_worker_long_turns_total{worker="0",over="%s"}' % s]) for s in OVER]


def measure(bench, system, what, fn, judged=True):
    before, prober = long_turns(system), Prober(system)
    prober.start()
    time.sleep(0.2)
    begun = time.monotonic()
    fn()
    took = time.monotonic() - begun
    us = prober.stop()
    turns = [b - a for a, b in zip(before, long_turns(system))]
    p50, p99, longest = us[len(us) // 2], us[len(us) * 99 // 100], us[-1]
    bench.report.progress("%-28s %6.2f s; an answer takes %4d us, p99 %5d, at most %5d (%d asked); turns over %s" % (
        what, took, p50, p99, longest, len(us), ", ".join("%s s: %d" % (s.strip("0"), n) for s, n in zip(OVER, turns))))
    bench.report.record(what=what, seconds=took, p50_us=p50, p99_us=p99, max_us=longest, asked=len(us),
                        long_turns=dict(zip(OVER, turns)))
    limit = 0 if judged and not bench.quick else None
    bench.report.row("turns over 5 ms: " + what, turns[2], "", limit=limit)
    bench.report.row("  p99 of an answer meanwhile", p99, "us")
    return us


def some_reloads(system):
    for _ in range(5):
        system.reload()


def item_looked_at(bench):
    phones, calls = (2000, 500) if bench.quick else (100000, 10000)
    with bench.systems() as s:
        limen = s.add(Limen, "limen", phones=True)
        sipp.run(limen, bench.work, 4000, phones / 4000, scenes=("phone_once", "registrar"))
        held = limen.metrics()["limen_registrations_live"]
        if held != phones:
            raise BenchError("%d phones registered, not %d" % (held, phones))
        name = "with %d phones, " % phones
        measure(bench, limen, name + "nothing", lambda: time.sleep(3))
        measure(bench, limen, name + "reg list", lambda: limen.command("reg", "list", "--json"))
        measure(bench, limen, name + "5 reloads", lambda: some_reloads(limen))
        measure(bench, limen, name + "100 scrapes", lambda: [limen.metrics() for _ in range(100)])
    with bench.systems() as s:
        limen = s.add(Limen, "limen calls")
        load = sipp.hold(limen, bench.work, calls, 1000)
        name = "with %d calls, " % calls
        measure(bench, limen, name + "nothing", lambda: time.sleep(3))
        measure(bench, limen, name + "call list", lambda: limen.command("call", "list", "--json"))
        measure(bench, limen, name + "5 reloads", lambda: some_reloads(limen))
        load.abandon()
