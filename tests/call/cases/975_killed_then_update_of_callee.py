# SPDX-License-Identifier: Apache-2.0
"""After kill -9 the callee sends UPDATE, which the caller is still known to take (RFC 3311)."""
from lib import kept

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    a, b = kept.talk(t)
    kept.again(t)
    kept.reinvite(t, b, a, method="UPDATE")
    t.hang_up(a, b)
