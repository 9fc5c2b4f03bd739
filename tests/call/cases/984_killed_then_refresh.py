# SPDX-License-Identifier: Apache-2.0
"""A session refresh with the description of before is answered here, by the next process as by the first: same o=, same ports."""
from lib import kept

CONFIG = kept.config
CDR = kept.SILENT


def run(t):
    a, b = kept.talk(t)
    kept.again(t)
    a.request("INVITE", a.sdp())
    ok = a.answered()
    t.equal(ok.body, a.seen.body, "our description")
    b.ep.expect_quiet(0.3)
    t.hang_up(a, b)
