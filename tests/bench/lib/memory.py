# SPDX-License-Identifier: Apache-2.0
"""Memory per held call and per lingering transaction: slopes of the proportional set size."""
import time

from . import sipp
from .systems import Limen


class _Slope:
    """Pages per thing, between two levels."""

    def __init__(self, system):
        self.system, self.points = system, []

    def take(self, bench, what, level):
        self.points.append((level, self.system.pss_bytes()))
        bench.report.record(system=self.system.name, what=what, level=level, pss_bytes=self.points[-1][1])

    def bytes_each(self):
        (n0, b0), (n1, b1) = self.points[-2:]
        return (b1 - b0) / (n1 - n0)


def item_memory(bench):
    linger = 2 if bench.quick else Limen.linger_s
    with bench.systems() as s:
        calls, media = s.add(Limen, "limen calls"), s.add(Limen, "limen media")
        # a call with media has four sockets: 5,000 of them are too many for 20,000 descriptors
        plan = ((_Slope(calls), sipp.NO_MEDIA, (200, 600) if bench.quick else (1000, 5000)),
                (_Slope(media), sipp.WITH_MEDIA, (200, 600) if bench.quick else (1000, 4500)))
        slopes = {slope.system: slope for slope, _, _ in plan}
        held = []
        for step in (0, 1):
            for slope, audio, levels in plan:
                # the callee that holds the earlier ones hands its address on; nothing is sent to it any more
                for load in held:
                    load.abandon()
                more = levels[step] - (levels[step - 1] if step else 0)
                held.append(sipp.hold(slope.system, bench.work, more, 1000, audio))
            time.sleep(linger)  # the transactions of the set-up are not the calls'
            for slope, _, levels in plan:
                slope.take(bench, "held", levels[step])
        for load in held:
            load.abandon()
        per_call, per_media_call = slopes[calls].bytes_each(), slopes[media].bytes_each()
        _row(bench, "PSS per held call, signalling", per_call, 12000)
        _row(bench, "PSS per call for its media", per_media_call - per_call, 8000)
    _lingering(bench, (500, 1500) if bench.quick else (3000, 12000))


def _row(bench, what, figure, limit):
    bench.report.row(what, figure, "bytes", limit=None if bench.quick else limit)


def _lingering(bench, levels):
    """Calls run to their end, twice; the slope of what stays. Both readings fall before the first transaction ends."""
    with bench.systems() as s:
        limen = s.add(Limen, "limen linger")
        slope = _Slope(limen)
        done = 0
        for level in levels:
            sipp.run(limen, bench.work, 1000, (level - done) / 1000)
            done = level
            slope.take(bench, "lingering", limen.transactions())
        _row(bench, "PSS per lingering transaction", slope.bytes_each(), 2000)
        if not bench.quick:
            time.sleep(Limen.linger_s)
            slope.take(bench, "after", limen.transactions())
            kept = (slope.points[-1][1] - slope.points[0][1]) / (slope.points[-2][1] - slope.points[0][1])
            bench.report.row("  of it still there afterwards", 100 * kept, "%")
