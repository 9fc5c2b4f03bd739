# SPDX-License-Identifier: Apache-2.0
"""Call load by SIPp: a caller process before the system under test, a callee process behind it."""
import csv
import os
import signal
import time

from . import process, space
from .process import BenchError

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# the audio port told in the SDP: 0 declines the audio, so that signalling is measured without media
NO_MEDIA, WITH_MEDIA = 0, 40000
RING_S = 0.1
FOREVER_MS = 24 * 3600 * 1000


class Load:
    """One caller and one callee. work: a directory for their files."""

    _count = 0

    def __init__(self, system, work, audio=NO_MEDIA, cpu=None, scenes=("caller", "callee"), beside=None):
        """scenes: the files of scenarios/ for the two roles. beside: a load whose callee answers this one's calls, too."""
        Load._count += 1
        self.system, self.audio, self.cpu = system, audio, cpu
        self.scenes = dict(zip(("caller", "callee"), scenes))
        self.dir = os.path.join(work, "load-%d" % Load._count)
        os.makedirs(self.dir)
        self.caller = None
        self.besides = 0
        if beside:
            beside.besides += 1
        self.port = 5060 + 10 * beside.besides if beside else 5060
        self.callee = None if beside else self._sipp(space.FAR, "callee", ["-i", space.CALLEE_IP])
        time.sleep(0 if beside else 0.3)

    def _sipp(self, ns, role, argv):
        argv = ["sipp", "-sf", os.path.join(HERE, "scenarios", self.scenes[role] + ".xml"),
                "-p", str(self.port), "-t", "u1", "-nostdin",
                "-key", "audio_port", str(self.audio), "-buff_size", "4000000", "-deadcall_wait", "0",
                "-watchdog_interval", "0", "-trace_stat", "-fd", "1", "-stf", os.path.join(self.dir, role + ".csv"),
                "-trace_err", "-error_file", os.path.join(self.dir, role + ".err")] + argv
        return process.start(space.command(ns, argv), os.path.join(self.dir, role + ".log"), self.cpu, cwd=self.dir)

    def begin(self, rate, calls, hold_ms=100):
        self.caller = self._sipp(space.NEAR, "caller",
                                 ["-i", space.CALLER_IP, "-r", str(rate), "-m", str(calls), "-l", "20000",
                                  "-d", str(hold_ms), "-recv_timeout", "20000", self.system.near + ":5060"])
        self.asked, self.rate, self.hold_ms, self.begun = calls, rate, hold_ms, time.monotonic()

    def wait(self):
        """Until all calls are over. The counts of both sides (of the caller's alone where the callee is another's), and
        SIPp's own CPU time for scale."""
        nominal = self.asked / self.rate + self.hold_ms / 1000 + RING_S
        end = self.begun + nominal + 45
        own = 0.0
        while self.caller.poll() is None and time.monotonic() < end:
            own = process.cpu_seconds([self.caller.pid]) or own
            time.sleep(0.05)
        elapsed = time.monotonic() - self.begun
        finished = process.wait_exit(self.caller, 0) is not None
        if not finished:
            process.stop(self.caller, sig=signal.SIGUSR1)
        if self.callee:
            own += process.cpu_seconds([self.callee.pid])
            process.stop(self.callee, sig=signal.SIGUSR1)  # writes its last line of figures
        near, far = self._figures("caller"), self._figures("callee")
        calls = near.get("SuccessfulCall(C)", 0)
        return {"asked": self.asked, "calls": calls, "failed": self.asked - calls, "rate": self.rate,
                "retransmissions": near.get("Retransmissions(C)", 0) + far.get("Retransmissions(C)", 0),
                "seconds": round(elapsed, 2), "nominal_s": nominal,
                "sipp_us_per_call": round(1e6 * own / max(calls, 1), 1)}

    def held(self):
        return self._figures("caller").get("CurrentCall", 0)

    def abandon(self):
        """Ends both without a word: what they hold stays in the system."""
        for p in (self.caller, self.callee):
            if p:
                process.kill(p)

    def _figures(self, role):
        try:
            with open(os.path.join(self.dir, role + ".csv"), newline="") as f:
                rows = list(csv.reader(f, delimiter=";"))
        except OSError:
            return {}
        if len(rows) < 2:
            return {}
        return {k: int(v) for k, v in zip(rows[0], rows[-1]) if v.isdigit()}


def run(system, work, rate, seconds, audio=NO_MEDIA, cpu=None, scenes=("caller", "callee")):
    """Calls at `rate` for `seconds`, each rung 100 ms and held 100 ms; the counts."""
    drops = space.udp_receive_drops(space.MIDDLE)
    load = Load(system, work, audio, cpu, scenes)
    others, before = process.Others(), system.cpu_seconds()
    load.begin(rate, int(rate * seconds))
    r = load.wait()
    r["others_percent"] = others.percent(system.cpu_seconds() - before + r["sipp_us_per_call"] * r["calls"] / 1e6)
    r["receive_drops"] = space.udp_receive_drops(space.MIDDLE) - drops
    system.alive()
    return r


def hold(system, work, calls, rate, audio=NO_MEDIA):
    """Sets calls up that stay. The load that holds them: abandon() it when they may lose their far ends."""
    load = Load(system, work, audio)
    load.begin(rate, calls, hold_ms=FOREVER_MS)
    time.sleep(calls / rate + RING_S)
    try:
        process.until("%d held calls" % calls, 15, lambda: load.held() == calls)
    except BenchError:
        raise BenchError("%s holds %d calls of %d" % (system.name, load.held(), calls)) from None
    time.sleep(1)  # SIPp counts a call from its INVITE; now the last ones are answered, too
    system.alive()
    return load
