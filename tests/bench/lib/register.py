# SPDX-License-Identifier: Apache-2.0
"""CPU per REGISTER: phones that register once and refresh 29 times, 100 ms apart: what 60 s towards the phone and
half of 3,600 s towards the core come to."""
import statistics
import time

from . import sipp
from .peers import Kamailio, Mirror
from .systems import Limen

REGISTERS = 30  # of one phone: scenarios/phone.xml
SCENES = ("phone", "registrar")


def _load(bench, system, rate, seconds, cpu=None):
    """rate: REGISTERs a second. (counts, CPU us per REGISTER)"""
    before = system.cpu_seconds()
    c = sipp.run(system, bench.work, rate / REGISTERS, seconds, cpu=cpu, scenes=SCENES)
    us = 1e6 * (system.cpu_seconds() - before) / max(1, c["calls"] * REGISTERS)
    bench.report.progress("%-24s %5d REGISTER/s %6.1f us each, %d of %d phones failed, %d retransmissions%s" % (
        system.name, rate, us, c["failed"], c["asked"], c["retransmissions"],
        bench.report.disturbed(c["others_percent"])))
    bench.report.record(system=system.name, cpu_us_per_register=us, **c)
    return c, us


def _registers_of_new_processes(bench, seconds):
    """CPU us per REGISTER of the first load and of one more: ({name: us}, {name: us}), and the share absorbed"""
    with bench.systems() as s:
        limen = s.add(Limen, "limen", phones=True)
        s.add(Kamailio, "kamailio", mode="registrar")
        s.add(Mirror, "mirror")
        for system in s.all:
            _load(bench, system, 500, 1)
        loads = []
        for _ in range(2):
            us = {system.name: _load(bench, system, 2000, seconds)[1] for system in s.all}
            before = limen.cpu_seconds()
            time.sleep(1 if bench.quick else Limen.linger_s)
            # the lingering transactions end, and that is paid for, too
            us["limen"] += 1e6 * (limen.cpu_seconds() - before) / (2000 * seconds)
            loads.append(us)
        m = limen.metrics()
        return loads, 100 * m["limen_register_absorbed_total"] / m["limen_register_received_total"]


def item_register(bench):
    rounds = [_registers_of_new_processes(bench, 2 if bench.quick else 6) for _ in range(1 if bench.quick else 3)]
    for which, what in enumerate(("CPU per REGISTER, 1 relayed and 29 absorbed", "  once more, same processes")):
        us = {name: statistics.median(loads[which][name] for loads, _ in rounds) for name in rounds[0][0][which]}
        bench.report.row(what, us["limen"], "us", ("kamailio", us["kamailio"]), 0.6)
        bench.report.row("  above what an unread answer costs", us["limen"] - us["mirror"], "us",
                         ("kamailio", us["kamailio"] - us["mirror"]))
        bench.report.row("  an unread answer", us["mirror"], "us", ("kamailio", us["kamailio"]))
    bench.report.row("  of them absorbed", rounds[-1][1], "%")
    with bench.systems() as s:
        limen = s.add(Limen, "limen", phones=True, cpu=1)
        _load(bench, limen, 500, 1, cpu=0)
        c, _ = _load(bench, limen, 5000, 3 if bench.quick else 10, cpu=0)
        bench.report.row("REGISTER/s without a failure, one worker", 5000 if not c["failed"] else 0, "/s",
                         at_least=None if bench.quick else 5000)
