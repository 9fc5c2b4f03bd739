# SPDX-License-Identifier: Apache-2.0
"""A second Limen on the same addresses does not start, though workers share their ports: it would take half of the calls."""
import copy
import json
import os
import subprocess

from lib.limen import die_with_parent

CDR = {"status": 200, "ended_by": "A"}


def run(t):
    config = copy.deepcopy(t.limen.config)
    del config["manage"], config["cdr"], config["log"]
    path = os.path.join(os.path.dirname(t.limen.path), "second.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f)
    with t.limen.network.inside("limen"):
        p = subprocess.run([t.limen.exe, "run", path], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                           env=t.limen.env, preexec_fn=die_with_parent)
    t.equal(p.returncode, 1, f"exit status of the second one, which said {p.stderr!r}")
    t.check("cannot listen on udp:" in p.stderr and "another program has this port" in p.stderr, f"it says {p.stderr!r}")
    a, b = t.talk()
    t.hang_up(a, b)
