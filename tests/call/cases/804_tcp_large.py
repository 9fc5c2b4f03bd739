# SPDX-License-Identifier: Apache-2.0
"""A message of nearly 65 kB over TCP crosses whole; one over the limit is refused and the connection closed."""
from lib.scenes import targets

CONFIG = lambda t: targets(t, "tcp:2")
CDR = {"status": 200, "ended_by": "A"}


def run(t):
    t.b_tcp
    a, b = t.talk(ep_a=t.a_tcp, ep_b=t.b_tcp)
    body = "x" * 63000
    a.request("INFO", body, ctype="text/plain")
    m = b.expect("INFO")
    t.equal(len(m.body), len(body), "length of the body")
    b.ok()
    a.expect("200 INFO")
    t.hang_up(a, b)
    ep = t.a_tcp
    s = ep.connect()
    try:
        s.sendall(a.request("INFO", "x" * 70000, ctype="text/plain", send=False))
    except OSError:
        pass
    ep.expect_closed(s)
