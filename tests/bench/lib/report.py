# SPDX-License-Identifier: Apache-2.0
"""What is kept of a run: a JSON line for every measurement, and the table at the end."""
import json
import os
import time

DISTURBED_PERCENT = 10


class Report:
    def __init__(self, results_dir):
        os.makedirs(results_dir, exist_ok=True)
        self.path = os.path.join(results_dir, time.strftime("%Y%m%d-%H%M%S.jsonl"))
        self.rows = []
        self.item = ""
        self.runs = self.disturbed_runs = 0

    def record(self, **fields):
        fields = dict(fields, item=self.item, at=time.strftime("%H:%M:%S"))
        with open(self.path, "a") as f:
            f.write(json.dumps(fields) + "\n")

    def progress(self, text):
        print("  %s %s" % (time.strftime("%H:%M:%S"), text), flush=True)

    def disturbed(self, others_percent):
        """Counts a run; what to say of the others on the machine, if they were many."""
        self.runs += 1
        if others_percent <= DISTURBED_PERCENT:
            return ""
        self.disturbed_runs += 1
        return "  (others had %d %% of the machine)" % others_percent

    def row(self, what, figure, unit, beside=None, limit=None, at_least=None):
        """One line of the table. beside: (name, figure) it is divided by; limit: on the ratio, or on the figure when
        there is none; at_least: the figure must reach it."""
        ratio = figure / beside[1] if beside and beside[1] else None
        judged = ratio if ratio is not None else figure
        verdict = ""
        if limit is not None:
            verdict = "ok" if judged <= limit else "MISSED by " + ("%.2fx" % (judged / limit) if limit else _number(judged))
        elif at_least is not None:
            verdict = "ok" if figure >= at_least else "MISSED by %.2fx" % (at_least / max(figure, 1e-9))
        asked = ("<= %g" % limit) + ("x" if ratio is not None else "") if limit is not None else (
            ">= %g" % at_least if at_least is not None else "")
        self._add(what, "%s %s" % (_number(figure), unit),
                  "%s %s" % (beside[0], _number(beside[1])) if beside else "",
                  "%.2fx" % ratio if ratio is not None else "", asked, verdict)
        self.record(row=what, figure=figure, unit=unit, beside=beside, ratio=ratio, limit=limit, at_least=at_least,
                    verdict=verdict)

    def failed(self, what, why):
        self._add(what, "not measured", "", "", "", "FAILED: " + why.splitlines()[0])
        self.record(row=what, verdict="FAILED", why=why)

    def _add(self, *columns):
        self.rows.append((self.item,) + columns)

    def any_failed(self):
        return any(r[-1].startswith("FAILED") for r in self.rows)

    def print_table(self):
        head = ("item", "what", "Limen", "beside it", "ratio", "asked", "verdict")
        rows, last = [head], None
        for r in self.rows:
            rows.append((r[0] if r[0] != last else "",) + r[1:])
            last = r[0]
        width = [max(len(r[i]) for r in rows) for i in range(len(head))]
        rows.insert(1, tuple("-" * w for w in width))
        print()
        for r in rows:
            print("  ".join(c.ljust(w) for c, w in zip(r, width)).rstrip())
        if self.disturbed_runs:
            print("\nThe machine was not quiet: in %d of %d runs others had more than %d %% of it. Ratios of interleaved runs"
                  "\nstill mean something, latencies and single figures do not."
                  % (self.disturbed_runs, self.runs, DISTURBED_PERCENT))
        print("\nEvery measurement: %s" % self.path)


def _number(v):
    return "%.0f" % v if abs(v) >= 1000 else "%.4g" % v
