# SPDX-License-Identifier: Apache-2.0
"""Malformed requests are answered 400 where that is safe, and dropped where it is not; nothing is left."""
CDR = []


def run(t):
    a = t.caller()
    for name, value in (("CSeq", "1 BYE"), ("From", "nobody"), ("Call-ID", None), ("CSeq", "99999999999 INVITE"),
                        ("Contact", None), ("To", "<<>>"), ("Content-Length", "-1")):
        a = t.caller()
        a.call(replace={name: value})
    for raw in (b"INVITE sip:bob@x SIP/9.9\r\n\r\n", b"SIP/2.0 200\r\n\r\n", b"\0" * 300, b"INVITE\r\n\r\n",
                b"ACK sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n", bytes(range(256)) * 4, b"\r\n\r\n", b"\0\0\0\0"):
        t.a.transmit(raw, None, None)
    got = t.a.gather(0.5)
    for m in got:
        t.check(m.status in (100, 400, 505, 416), f"answered {m.start}")
    t.check(any(m.status == 400 for m in got), "nothing was answered 400")
    t.b.expect_quiet(0.01)
    m = t.limen.metrics()
    t.check(m['limen_rejects_total{reason="malformed_dropped"}'] + m['limen_rejects_total{reason="framing"}'] > 0,
            "nothing was dropped")

