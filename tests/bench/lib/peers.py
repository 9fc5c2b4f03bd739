# SPDX-License-Identifier: Apache-2.0
"""The systems that Limen is held against: Kamailio and rtpengine, as Debian builds them, and a mirror."""
import os
import socket
import time

from . import process, space
from .ng import Ng
from .systems import MEDIA_PORTS, System

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def bound(ip):
    """Whether somebody listens there for SIP."""
    with space.socket_in(space.MIDDLE) as s:
        try:
            s.bind((ip, 5060))
        except OSError:
            return True
    return False


class Peer(System):
    linger_s = 5.5  # Kamailio's wt_timer: a transaction stays so long after its end
    _next_ng = 2223

    def _start_redis(self):
        sock = os.path.join(self.dir, "redis.sock")
        self._start("redis", ["redis-server", "--port", "0", "--unixsocket", sock, "--save", "", "--appendonly", "no",
                              "--daemonize", "no", "--dir", self.dir])
        process.until("redis", 10, lambda: self._check("redis") or os.path.exists(sock))

    def _start_rtpengine(self):
        low, high = MEDIA_PORTS.split("-")
        self.ng_port, Peer._next_ng = Peer._next_ng, Peer._next_ng + 2
        # --table=-1: userspace, no kernel module
        self._start("rtpengine", ["rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=4",
                                  "--table=-1", "--interface=near/" + self.near, "--interface=far/" + self.far,
                                  "--listen-ng=127.0.0.1:%d" % self.ng_port, "--port-min=" + low, "--port-max=" + high,
                                  "--tos=0", "--delete-delay=0", "--timeout=3600", "--silent-timeout=3600",
                                  "--pidfile=" + os.path.join(self.dir, "rtpengine.pid")])
        ng = Ng(self.ng_port)
        process.until("rtpengine", 10, lambda: self._check("rtpengine") or ng.ping())
        ng.close()


class Kamailio(Peer):
    """mode: dialog (a proxy that keeps dialogs), topoh, topos, topos+rtpengine, registrar (usrloc in memory)."""

    def __init__(self, name, work, mode="dialog"):
        super().__init__(name, work)
        if "topos" in mode:
            self._start_redis()
        if "rtpengine" in mode:
            self._start_rtpengine()
        with open(os.path.join(HERE, "kamailio.cfg")) as f:
            text = f.read()
        for key, value in (("NEAR", self.near), ("FAR", self.far), ("DIR", self.dir), ("CALLEE", space.CALLEE_IP),
                           ("NG", str(getattr(self, "ng_port", 0)))):
            text = text.replace("@%s@" % key, value)
        path = os.path.join(self.dir, "kamailio.cfg")
        with open(path, "w") as f:
            f.write(text)
        # tlsf: Debian's default allocator, qm, costs two to three times the CPU
        argv = ["kamailio", "-DD", "-E", "-f", path, "-m", "1024", "-M", "16", "-n", "2", "-x", "tlsf", "-X", "tlsf",
                "-Y", self.dir]
        for word in mode.split("+"):
            if word != "dialog":
                argv += ["-A", word.upper()]
        self._start("kamailio", argv)
        process.until(name, 10, lambda: self._check("kamailio") or bound(self.near))
        time.sleep(1)  # all of its processes


class Mirror(System):
    """Answers 200 to what comes, unread: the kernel's part of an answer, and no other."""

    linger_s = 0
    program = None  # set by bench.py

    def __init__(self, name, work):
        super().__init__(name, work)
        self._start("mirror", [self.program, self.near, "5060"])
        process.until(name, 10, lambda: self._check("mirror") or bound(self.near))


class Rtpengine(Peer):
    def __init__(self, name, work):
        super().__init__(name, work)
        self._start_rtpengine()
