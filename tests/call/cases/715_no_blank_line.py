# SPDX-License-Identifier: Apache-2.0
"""A datagram without its blank line, and one shorter than its Content-Length: no crash, no call."""
CDR = []


def run(t):
    t.b
    a = t.caller()
    raw = a.call(send=False)
    head = raw.partition(b"\r\n\r\n")[0]
    t.a.transmit(head, None, None)
    t.a.transmit(head + b"\r\n", None, None)
    t.a.transmit(raw[:-20], None, None)
    for m in t.a.gather(0.4):
        t.check(m.status in (100, 400), f"answered {m.start}")
    t.b.expect_quiet(0.1)
