# SPDX-License-Identifier: Apache-2.0
"""INVITEs as fast as they go, over UDP, from a peer with as many calls as it may have, one over its rate, and a stranger,
nobody of whom says another word: the call of another is set up, heard and ended, each refusal is counted under its reason,
and transactions stay within their half."""
from lib import flood

CDR = None
SETTLE = 15.0
CONFIG = flood.config


def run(t):
    flood.withstand(t, tcp=False)
