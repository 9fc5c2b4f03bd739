# SPDX-License-Identifier: Apache-2.0
"""A peer that sends and does not read is cut off; others are served."""
import select
import time

CDR = None
SETTLE = 9
CONFIG = {"timers": {"tcp_idle": 2000}}


def flood(s, more, seconds):
    """Writes whole requests, without reading, until we are cut off; the number of bytes, or None: never."""
    end = time.monotonic() + seconds
    waiting, written = b"", 0
    while time.monotonic() < end:
        # what a full buffer did not take comes first: a torn request would be cut off for its framing
        waiting = waiting or more()
        try:
            n = s.send(waiting)
            waiting, written = waiting[n:], written + n
        except BlockingIOError:
            select.select([], [s], [], 1)
        except OSError:
            return written
    return None


def run(t):
    ep = t.a_tcp
    a = t.caller(ep)
    s = ep.connect(rcvbuf=2048)
    s.setblocking(False)
    written = flood(s, lambda: a.request("REGISTER", send=False) * 20, 30)
    t.check(written, "not cut though nobody reads its answers")
    # the kernel's buffers and ours, both ways, and not much beyond: they are bounded
    t.check(written < 8 << 20, f"cut after {written} bytes of requests whose answers nobody read")
    t.check(t.metric("limen_sip_closed_slow_total") >= 1, "it is not counted")
    ep.drop(s)
    ep.inbox.clear()
    good = t.caller(t.a)
    good.request("REGISTER")
    good.expect(405)
