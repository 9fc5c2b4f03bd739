# SPDX-License-Identifier: Apache-2.0
"""A peer that sends and does not read is cut off; others are served."""
import socket

CDR = None
SETTLE = 9
CONFIG = {"timers": {"tcp_idle": 2000}}


def run(t):
    ep = t.a_tcp
    a = t.caller(ep)
    s = ep.connect(rcvbuf=2048)
    s.setblocking(False)
    sent = 0
    cut = False
    import time
    end = time.monotonic() + 12
    while time.monotonic() < end:
        raw = a.request("REGISTER", send=False)
        try:
            s.send(raw * 20)
            sent += 20
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            cut = True
            break
    t.check(cut, f"not cut after {sent} requests whose answers nobody read")
    t.check(t.metric("limen_sip_closed_slow_total") >= 1, "it is not counted")
    ep.drop(s)
    ep.inbox.clear()
    good = t.caller(t.a)
    good.request("REGISTER")
    good.expect(405)
