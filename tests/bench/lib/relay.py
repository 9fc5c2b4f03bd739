# SPDX-License-Identifier: Apache-2.0
"""CPU time per relayed packet, loss and added latency."""
import json
import os
import statistics
import subprocess
import time

from . import held_calls, process, sipp, space
from .calls import load_in_turns
from .ng import Ng
from .peers import Rtpengine
from .process import BenchError
from .systems import Limen


def _figures(bench, system, ports, seconds, warm_up, interval_ms=20):
    """One run of rtpgen over the calls in `ports`; the system's cost is that of the measured window."""
    argv = [bench.rtpgen, ports, "%s:%s" % (space.NEAR, space.CALLER_IP), "%s:%s" % (space.FAR, space.CALLEE_IP),
            str(seconds), str(warm_up), str(interval_ms)]
    # nice: when the processors are full, it is the relay that shall be late and not the clock that it is measured by
    p = process.start(["nice", "-n", "-10"] + argv, os.path.join(system.dir, "rtpgen.log"), stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, text=True)
    pids, cpu, result, others = system.pids(), {}, None, process.Others()
    for line in p.stdout:
        word = line.strip()
        if word == "READY":
            p.stdin.write("\n")
            p.stdin.flush()
        elif word in ("START", "END"):
            cpu[word] = process.cpu_seconds(pids)
            others = process.Others() if word == "START" else others
        elif word:
            result = json.loads(word)
    process.stop(p)
    system.alive()
    if not result or not result["relayed"]:
        raise BenchError("%s relayed nothing: %s" % (system.name, result))
    r = dict(result, system=system.name, us_per_packet=1e6 * (cpu["END"] - cpu["START"]) / result["relayed"],
             lost=result["sent"] - result["received"],
             # the generator's time is that of its whole run, a little longer than the window
             others_percent=others.percent(cpu["END"] - cpu["START"] + result["own_cpu_s"]),
             p50_us=max(result[d]["p50"] for d in ("a_to_b", "b_to_a")),
             p99_us=max(result[d]["p99"] for d in ("a_to_b", "b_to_a")))
    bench.report.progress("%-16s %5d calls: %6.2f us a packet, lost %d of %d, latency p50 %d p99 %d us%s"
                          % (system.name, r["calls"], r["us_per_packet"], r["lost"], r["sent"], r["p50_us"],
                             r["p99_us"], bench.report.disturbed(r["others_percent"])))
    bench.report.record(**r)
    return r


def _ports(system):
    return os.path.join(system.dir, "ports")


def _median(runs, key):
    return statistics.median(r[key] for r in runs)


def item_relay(bench):
    calls, rounds, seconds = (100, 1, 3) if bench.quick else (500, 5, 8)
    with bench.systems() as s:
        peer, limen = s.add(Rtpengine, "rtpengine"), s.add(Limen, "limen relay")
        ng = Ng(peer.ng_port)
        held_calls.by_ng(ng, calls, _ports(peer))
        ng.close()
        held_calls.SipCalls(limen, calls, _ports(limen))
        runs = {peer: [], limen: []}
        for _ in range(rounds):
            for system in (peer, limen):
                runs[system].append(_figures(bench, system, _ports(system), seconds, 1 if bench.quick else 3))
        ours, theirs = runs[limen], runs[peer]
        name = "%d calls: " % calls
        bench.report.row(name + "CPU per packet", _median(ours, "us_per_packet"), "us",
                         ("rtpengine", _median(theirs, "us_per_packet")), 0.55)
        _row_lost(bench, sum(r["lost"] for r in ours), sum(r["lost"] for r in theirs))
        bench.report.row("  added latency p50", _median(ours, "p50_us"), "us", ("rtpengine", _median(theirs, "p50_us")))
        bench.report.row("  added latency p99", _median(ours, "p99_us"), "us",
                         ("rtpengine", _median(theirs, "p99_us")), 1)
        metrics = limen.metrics()
        bench.report.record(system=limen.name, metrics={k: v for k, v in metrics.items() if "media" in k and v})
        turn = metrics.get('limen_media_turn_seconds{quantile="0.99"}')
        if turn is None:
            raise BenchError("no limen_media_turn_seconds among the metrics")
        bench.report.row("  turn of a media loop, p99", 1e6 * turn, "us", limit=1000)


def _row_lost(bench, ours, theirs):
    # where rtpengine loses some, too, the machine was too busy to tell
    bench.report.row("  packets lost (rtpengine: %d)" % theirs, ours, "", limit=None if theirs or not ours else 1e-9)


def item_flat(bench):
    """The same cost however much there is beside it. No peer: Limen beside itself."""
    _flat_calls(bench)
    _flat_packets(bench)


# "flat" within what repeated runs of the same thing differ by on a machine that is not quiet
FLAT = 1.1


def _flat_calls(bench):
    few, many = (100, 500) if bench.quick else (100, 10000)
    rounds, seconds = (1, 2) if bench.quick else (3, 6)
    with bench.systems() as s:
        systems = {n: s.add(Limen, "limen holding %d" % n) for n in (few, many)}
        for n, system in systems.items():
            sipp.hold(system, bench.work, n, 1000).abandon()
        time.sleep(1 if bench.quick else Limen.linger_s)
        us = load_in_turns(bench, list(systems.values()), 300, seconds, rounds)
        bench.report.row("CPU per call, %d calls held" % many, us[systems[many]], "us",
                         ("%d held" % few, us[systems[few]]), None if bench.quick else FLAT)


def _flat_packets(bench):
    # the same number of packets in every millisecond: only what they are spread over differs
    few, many = ((10, 4), (200, 80)) if bench.quick else ((50, 2), (2000, 80))
    rounds, seconds = (1, 2) if bench.quick else (3, 6)
    with bench.systems() as s:
        systems = {}
        for calls, interval_ms in (few, many):
            system = s.add(Limen, "limen %d streams" % calls)
            held_calls.SipCalls(system, calls, _ports(system))
            systems[system] = interval_ms
        runs = {system: [] for system in systems}
        for _ in range(rounds):
            for system, interval_ms in systems.items():
                runs[system].append(_figures(bench, system, _ports(system), seconds, 2, interval_ms))
        a, b = runs.values()
        bench.report.row("CPU per packet, %d streams" % many[0], _median(b, "us_per_packet"), "us",
                         ("%d streams" % few[0], _median(a, "us_per_packet")), None if bench.quick else FLAT)
