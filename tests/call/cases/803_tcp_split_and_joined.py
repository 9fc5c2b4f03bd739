# SPDX-License-Identifier: Apache-2.0
"""Messages in pieces of a few bytes, and several in one piece, keep-alives between them."""
import time

CDR = [{"status": 200, "ended_by": "A"}]


def run(t):
    t.b
    ep = t.a_tcp
    a = t.caller(ep)
    s = ep.connect()
    raw = a.call(send=False)
    for i in range(0, len(raw), 37):
        s.sendall(raw[i:i + 37])
        time.sleep(0.002)
    b = t.callee()
    b.ok(sdp=True)
    a.expect(200)
    b.expect("ACK")
    h = ep.send
    joined = []
    ep.send = lambda raw, **kw: joined.append(raw)
    a.ack()
    a.request("INFO", "one", ctype="text/plain")
    a.request("INFO", "two", ctype="text/plain")
    a.request("OPTIONS")
    ep.send = h
    s.sendall(b"\r\n\r\n" + joined[0] + b"\r\n\r\n" + joined[1] + joined[2] + joined[3][:50])
    time.sleep(0.05)
    s.sendall(joined[3][50:])
    for _ in range(3):
        m = b.expect(("INFO", "OPTIONS"))
        b.ok(to=m)
    a.expect_each("200 INFO", "200 INFO", "200 OPTIONS")
    t.hang_up(a, b)
