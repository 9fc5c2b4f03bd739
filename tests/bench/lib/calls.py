# SPDX-License-Identifier: Apache-2.0
"""CPU time per completed call: of several systems in turns, at one rate."""
import statistics
import time

from . import sipp
from .peers import Kamailio
from .process import BenchError
from .systems import Limen


class _Turn:
    """One system's load and the time in which its costs are counted: to the end of its last transaction."""

    def __init__(self, system):
        self.system = system
        self.begun = self.cpu = self.counts = None
        self.us = []

    def due(self):
        """When the costs of the last load are all paid."""
        return 0 if self.begun is None else self.ended + self.system.linger_s

    def load(self, bench, rate, seconds, audio):
        self.finish(bench)
        self.cpu, self.begun = self.system.cpu_by_part(), time.monotonic()
        self.counts = sipp.run(self.system, bench.work, rate, seconds, audio)
        self.ended = time.monotonic()
        c = self.counts
        # a call in a thousand may need its retransmission on a machine that others use; more is no clean run
        if c["failed"] or c["retransmissions"] > 0.001 * 6 * c["asked"]:
            bench.report.progress("%s: %d of %d calls failed, %d retransmissions"
                                  % (self.system.name, c["failed"], c["asked"], c["retransmissions"]))
        if c["calls"] < 0.9 * c["asked"]:
            raise BenchError("%s: %d of %d calls failed" % (self.system.name, c["failed"], c["asked"]))

    def finish(self, bench):
        """Takes the account of the last load, after its linger."""
        if self.begun is None:
            return
        if not bench.quick:
            time.sleep(max(0, self.due() - time.monotonic()))
        self.system.alive()
        parts = self.system.cpu_by_part()
        by_part = {k: 1e6 * (v - self.cpu[k]) / self.counts["calls"] for k, v in parts.items()}
        us = sum(by_part.values())
        self.us.append(us)
        self.begun = None
        bench.report.progress("%-28s %4d/s  %7.1f us a call%s" % (
            self.system.name, self.counts["rate"], us, bench.report.disturbed(self.counts["others_percent"])))
        bench.report.record(system=self.system.name, cpu_us_per_call=us, by_part=by_part, **self.counts)

    def median(self):
        return statistics.median(self.us)


def measure(bench, systems, rate, seconds, rounds, audio=sipp.NO_MEDIA):
    """Loads the systems A B A B ... once each has had its first calls; {system: median CPU us per call}."""
    for s in systems:  # the first calls of a process pay for its pools and pages
        sipp.run(s, bench.work, rate, 1, audio)
    time.sleep(1 if bench.quick else max(s.linger_s for s in systems))
    return load_in_turns(bench, systems, rate, seconds, rounds, audio)


def load_in_turns(bench, systems, rate, seconds, rounds, audio=sipp.NO_MEDIA):
    """Loads the systems A B A B ...; {system: median CPU us per call}. A system is loaded again only when everything of
    its last load is over, so that each window has paid for itself."""
    turns = [_Turn(s) for s in systems]
    for _ in range(rounds):
        for t in turns:
            t.load(bench, rate, seconds, audio)
            if t.system.linger_s < 10:
                t.finish(bench)
    for t in turns:
        t.finish(bench)
    return {t.system: t.median() for t in turns}


def compare(bench, base, system, rate, seconds, rounds, audio, hold_ms):
    """Two builds or settings of one program, which differ by less than a busy machine does from minute to minute: both
    are loaded at the same time, and each round is judged by itself. (median CPU us per call of `system`, median of the
    rounds' ratios to `base`)"""
    both = (base, system)
    for s in both:
        sipp.run(s, bench.work, rate, 1, audio)
    linger_s = 1 if bench.quick else max(s.linger_s for s in both)
    time.sleep(linger_s)
    rounds = [_load_together(bench, both, rate, seconds, audio, hold_ms, linger_s) for _ in range(rounds)]
    ratios = sorted(them[1] / them[0] for them in rounds)
    bench.report.progress("ratios of the rounds: %s" % " ".join("%.3f" % r for r in ratios))
    return statistics.median(them[1] for them in rounds), statistics.median(ratios)


def _load_together(bench, systems, rate, seconds, audio, hold_ms, linger_s):
    """CPU us per call of each, to the end of its last transaction."""
    before = [s.cpu_seconds() for s in systems]
    first = sipp.Load(systems[0], bench.work, audio)
    loads = [first] + [sipp.Load(s, bench.work, audio, beside=first) for s in systems[1:]]
    for load in loads:
        load.begin(rate, int(rate * seconds), hold_ms)
    counts = [load.wait() for load in reversed(loads)][::-1]  # the first one's callee answers all
    time.sleep(linger_s)
    all_us = []
    for s, c, cpu in zip(systems, counts, before):
        s.alive()
        if c["calls"] < 0.99 * c["asked"]:
            raise BenchError("%s: %d of %d calls failed" % (s.name, c["failed"], c["asked"]))
        all_us.append(1e6 * (s.cpu_seconds() - cpu) / c["calls"])
        bench.report.progress("%-28s %4d/s  %7.1f us a call" % (s.name, rate, all_us[-1]))
        bench.report.record(system=s.name, cpu_us_per_call=all_us[-1], **c)
    return all_us


VARIANTS = (("CDR off", {"cdr": False}), ("info log off", {"log": "error"}), ("leak checker off", {"leak": "off"}))


def _calls_of_new_processes(bench, rate, seconds):
    """One load each of processes that were just started, and one more of Limen and Kamailio: ({name: us}, {name: us})"""
    with bench.systems() as s:
        base = s.add(Kamailio, "kamailio", mode="dialog")
        s.add(Kamailio, "topoh", mode="topoh")
        limen = s.add(Limen, "limen")
        for name, settings in () if bench.quick else VARIANTS:
            s.add(Limen, name, **settings)
        for system in s.all:
            sipp.run(system, bench.work, 100, 1)
        first = load_in_turns(bench, s.all, rate, seconds, 1)
        later = load_in_turns(bench, [base, limen], rate, seconds, 1)
        return {x.name: us for x, us in first.items()}, {x.name: us for x, us in later.items()}


def item_calls(bench):
    """Signalling without media: the audio of every call is declined (port 0), so that no media port is needed. Processes
    are new in every round: Kamailio's cost per call falls with the loads that one process has carried."""
    for rate, seconds, limit in ((300, 8, 0.6), (2000, 5, 0.75)):
        rounds = [_calls_of_new_processes(bench, rate, 2 if bench.quick else seconds)
                  for _ in range(1 if bench.quick else 3)]
        first, later = ({name: statistics.median(r[which][name] for r in rounds) for name in rounds[0][which]}
                        for which in (0, 1))
        bench.report.row("CPU per call, %d/s" % rate, first["limen"], "us", ("kamailio", first["kamailio"]), limit)
        bench.report.row("  once more, same processes", later["limen"], "us", ("kamailio", later["kamailio"]), limit)
        bench.report.row("  beside topoh", first["limen"], "us", ("topoh", first["topoh"]))
        for name, _ in () if bench.quick else VARIANTS:
            bench.report.row("  " + name, first[name], "us", ("kamailio", first["kamailio"]))


def item_media_calls(bench):
    """Media ports set up and torn down for each call."""
    rounds = 1 if bench.quick else 3
    with bench.systems() as s:
        peer = s.add(Kamailio, "kamailio topos+rtpengine", mode="topos+rtpengine")
        limen = s.add(Limen, "limen")
        us = measure(bench, s.all, 300, 2 if bench.quick else 8, rounds, sipp.WITH_MEDIA)
        bench.report.row("CPU per call with media, 300/s", us[limen], "us", ("topos+rtpengine", us[peer]), 0.12)


def item_checkpoint(bench):
    """Answered calls kept in the store. Each lasts long enough to be written, with media twice, and then deleted."""
    rounds = 1 if bench.quick else 7
    for what, audio, rate in (("", sipp.NO_MEDIA, 300), (" with media", sipp.WITH_MEDIA, 150)):
        with bench.systems() as s:
            without = s.add(Limen, "limen")
            kept = s.add(Limen, "limen store", store=True)
            us, ratio = compare(bench, without, kept, rate, 4, rounds, audio, hold_ms=4000)
            m = kept.metrics()
            if m["limen_store_overflow_total"] or m["limen_store_errors_total"]:
                raise BenchError("changes were lost: %g for want of room, %g failed writes"
                                 % (m["limen_store_overflow_total"], m["limen_store_errors_total"]))
            calls = m["limen_calls_answered_total"]
            bench.report.progress("%.2f changes written a call, in %.0f transactions"
                                  % (m["limen_store_written_total"] / calls, m["limen_store_commits_total"]))
            bench.report.row("CPU per call%s, kept" % what, us, "us", ("not kept", us / ratio), 1.15)


def item_max(bench):
    """The highest rate without a failure: one signalling worker on one processor, SIPp on the other."""
    best = 0
    for rate in (2000, 4000) if bench.quick else (4000, 5000, 6000, 7000, 8000):
        with bench.systems() as s:
            limen = s.add(Limen, "limen", cpu=1)
            sipp.run(limen, bench.work, 100, 1, cpu=0)
            cpu = limen.cpu_seconds()
            c = sipp.run(limen, bench.work, rate, 3 if bench.quick else 10, cpu=0)
            us = 1e6 * (limen.cpu_seconds() - cpu) / max(c["calls"], 1)
            clean = (not c["failed"] and c["retransmissions"] <= 0.001 * 6 * c["asked"] and
                     c["seconds"] < 1.05 * c["nominal_s"] + 1)
            bench.report.progress("%d/s: %d failed, %d retransmissions, %.1f s for %.1f, %.1f us a call%s%s"
                                  % (rate, c["failed"], c["retransmissions"], c["seconds"], c["nominal_s"], us,
                                     "" if clean else ": not clean", bench.report.disturbed(c["others_percent"])))
            bench.report.record(system=limen.name, clean=clean, cpu_us_per_call=us, **c)
            if not clean:
                break
            best = rate
    bench.report.row("highest clean rate, one worker", best, "calls/s", at_least=None if bench.quick else 4000)
