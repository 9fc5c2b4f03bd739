# SPDX-License-Identifier: Apache-2.0
"""CPU per REGISTER: phones that register once and refresh 29 times, 100 ms apart: what 60 s towards the phone and
half of 3,600 s towards the core come to."""
import statistics
import time

from . import sipp
from .peers import Kamailio
from .systems import Limen

REGISTERS = 30  # of one phone: scenarios/phone.xml
SCENES = ("phone", "registrar")


def _load(bench, system, rate, seconds, cpu=None):
    """rate: REGISTERs a second. (counts, CPU us per REGISTER)"""
    before = system.cpu_seconds()
    c = sipp.run(system, bench.work, rate / REGISTERS, seconds, cpu=cpu, scenes=SCENES)
    # a phone's last refresh is answered at once; what lingers of Limen is paid for with the next load
    us = 1e6 * (system.cpu_seconds() - before) / max(1, c["calls"] * REGISTERS)
    bench.report.progress("%-24s %5d REGISTER/s %6.1f us each, %d of %d phones failed, %d retransmissions%s" % (
        system.name, rate, us, c["failed"], c["asked"], c["retransmissions"],
        bench.report.disturbed(c["others_percent"])))
    bench.report.record(system=system.name, cpu_us_per_register=us, **c)
    return c, us


def item_register(bench):
    rounds, seconds = (1, 2) if bench.quick else (3, 6)
    with bench.systems() as s:
        kamailio = s.add(Kamailio, "kamailio registrar", mode="registrar")
        limen = s.add(Limen, "limen", phones=True)
        us = {kamailio: [], limen: []}
        for system in us:  # the first ones of a process pay for its pools and pages
            _load(bench, system, 500, 1)
        for _ in range(rounds):
            for system, figures in us.items():
                figures.append(_load(bench, system, 2000, seconds)[1])
        if not bench.quick:
            # the lingering transactions end, and that is paid for, too
            before = limen.cpu_seconds()
            time.sleep(Limen.linger_s)
            after = 1e6 * (limen.cpu_seconds() - before) / (2000 * seconds)
            bench.report.progress("ending the last load's transactions: %.1f us each" % after)
            us[limen] = [v + after for v in us[limen]]
        bench.report.row("CPU per REGISTER, 1 relayed and 29 absorbed", statistics.median(us[limen]), "us",
                         ("kamailio", statistics.median(us[kamailio])), 0.6)
        m = limen.metrics()
        bench.report.row("  of them absorbed", 100 * m["limen_register_absorbed_total"] /
                         m["limen_register_received_total"], "%")
    with bench.systems() as s:
        limen = s.add(Limen, "limen", phones=True, cpu=1)
        _load(bench, limen, 500, 1, cpu=0)
        c, _ = _load(bench, limen, 5000, 3 if bench.quick else 10, cpu=0)
        bench.report.row("REGISTER/s without a failure, one worker", 5000 if not c["failed"] else 0, "/s",
                         at_least=None if bench.quick else 5000)
