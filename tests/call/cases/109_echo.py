# SPDX-License-Identifier: Apache-2.0
"""The built-in echo target answers and sends back what it hears."""
CONFIG = {"routes": [{"name": "echo-test", "match": {"ruri": "exact:echo"}, "target": "echo"}]}
CDR = {"status": 200, "ended_by": "A", "cause": "bye", "route": "echo-test"}


def run(t):
    p = t.phone("caller", mark=7)
    a = t.caller(to="echo")
    a.call()
    m = a.answered()
    for _ in range(4):
        p.send((m.sdp.address(), m.sdp.port()))
        __import__("time").sleep(0.03)
    p.expect(7)
    a.request("INFO", "x", ctype="text/plain")
    a.expect("200 INFO")
    a.bye()
    a.expect("200 BYE")
