# SPDX-License-Identifier: Apache-2.0
"""The same over TCP, where none is lost on the way: each refusal is counted."""
from lib import flood

CDR = None
SETTLE = 15.0
CONFIG = flood.config


def run(t):
    flood.withstand(t, tcp=True)
