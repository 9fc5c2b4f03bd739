# SPDX-License-Identifier: Apache-2.0
"""rtp: an audio source and sink of a case: packets whose payload names the sender."""
import select
import socket
import struct
import time

from .endpoint import Fail


class Rtp:
    def __init__(self, case, who, host, port, mark):
        self.case, self.mark, self.seq, self.ssrc = case, mark, 1000, 0x1000 + mark
        with case.network.inside(who):
            self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((host, port))
        self.sock.setblocking(False)
        self.received = []
        case.sockets.append(self.sock)

    def send(self, to, n=1, pt=8):
        """to: (host, port)."""
        for _ in range(n):
            head = struct.pack("!BBHII", 0x80, pt, self.seq & 0xffff, (self.seq * 160) & 0xffffffff, self.ssrc)
            self.sock.sendto(head + bytes([self.mark]) * 160, to)
            self.seq += 1

    def drain(self):
        while True:
            try:
                p, source = self.sock.recvfrom(2000)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self.received.append((p[-1] if p else None, source[:2], p))

    def expect(self, mark, within=2.0):
        """A packet that carries this mark; its source."""
        end = time.monotonic() + within
        while True:
            self.drain()
            for m, source, p in self.received:
                if m == mark:
                    self.received = []
                    return source
            left = end - time.monotonic()
            if left <= 0:
                raise Fail(f"no packet with mark {mark} came within {within} s, {len(self.received)} others did")
            select.select([self.sock], [], [], left)

    def expect_quiet(self, seconds=0.2):
        time.sleep(seconds)
        self.drain()
        if self.received:
            raise Fail(f"{len(self.received)} packets came where there should be none")


def talk(a, to_a, b, to_b, seconds=0.0, every=0.02):
    """Both ways for so long (at least one packet each), each hearing the other. to_a: Limen's port towards a."""
    end = time.monotonic() + seconds
    while True:
        a.send(to_a)
        b.send(to_b)
        a.drain()
        b.drain()
        if time.monotonic() >= end:
            break
        time.sleep(every)
    # the first packets latch: what crossed them may have gone nowhere
    for _ in range(3):
        a.send(to_a)
        b.send(to_b)
        time.sleep(0.02)
    a.expect(b.mark)
    b.expect(a.mark)
