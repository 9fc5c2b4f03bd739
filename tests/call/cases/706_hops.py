# SPDX-License-Identifier: Apache-2.0
"""Max-Forwards: 0 is answered 483; otherwise it goes on lowered by one."""
CDR = [{"status": 200, "ended_by": "A"}]


def run(t):
    t.b
    a = t.caller()
    a.call(replace={"Max-Forwards": "0"})
    a.refused(483)
    a = t.caller()
    a.call(replace={"Max-Forwards": "7"})
    b = t.callee()
    t.equal(b.invite["Max-Forwards"], "6", "Max-Forwards")
    b.ok(sdp=True)
    a.answered()
    b.expect("ACK")
    t.hang_up(a, b)
