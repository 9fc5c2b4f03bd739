# SPDX-License-Identifier: Apache-2.0
"""An INVITE whose headers are more than we would send on: 513, and the target is not taken for dead."""
CDR = [{"status": 513, "ended_by": "limen", "cause": "headers too large"}, {"status": 200, "ended_by": "A"}]
CONFIG = {"limits": {"message_bytes": 65535}}


def run(t):
    t.b
    a = t.caller(t.a_tcp)
    a.call(headers=[("Subject", "x" * 17000)])
    a.refused(513)
    a, b = t.talk()
    t.hang_up(a, b)
