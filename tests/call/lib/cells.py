# SPDX-License-Identifier: Apache-2.0
"""cells: which cells of the state machines the run reached, against the golden list of those that it cannot reach."""
import glob
import os
import subprocess


def read_golden(path):
    """{"machine STATE EVENT": reason}. A reason that begins with "race:" is of a cell that a run may reach or not."""
    out = {}
    try:
        with open(path) as f:
            for line in f:
                cell, _, why = line.partition("#")
                if cell.strip():
                    out[" ".join(cell.split())] = why.strip()
    except FileNotFoundError:
        pass
    return out


def verdict(machines, folder, golden_path):
    every = subprocess.run([machines], capture_output=True, text=True, check=True).stdout.split("\n")
    every = [x for x in every if x.strip()]
    reached = set()
    for f in glob.glob(os.path.join(folder, "*", "cells.txt")):
        with open(f) as g:
            reached |= {x.strip() for x in g}
    missing = [x for x in every if x not in reached]
    golden = read_golden(golden_path)
    bad = [f"cell was not reached, and {os.path.basename(golden_path)} gives no reason: {x}" for x in missing if x not in golden]
    bad += [f"{os.path.basename(golden_path)} names a cell that was reached: {x}"
            for x, why in golden.items() if x in reached and not why.startswith("race:")]
    bad += [f"{os.path.basename(golden_path)} names no cell of a machine: {x}" for x in golden if x not in every]
    bad += [f"{os.path.basename(golden_path)} gives no reason for {x}" for x, why in golden.items() if not why]
    for x in bad:
        print(x)
    return not bad
