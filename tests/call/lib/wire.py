# SPDX-License-Identifier: Apache-2.0
"""wire: what leaves limen's namespace, by packet sockets: every destination that something was sent to."""
import select
import socket
import struct

OUTGOING = 4


class Wire:
    def __init__(self, case, devices=("to-caller", "to-callee", "lo")):
        self.socks = []
        with case.network.inside("limen"):
            for d in devices:
                s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
                s.bind((d, 3))
                s.setblocking(False)
                self.socks.append((d, s))
                case.sockets.append(s)

    def read(self):
        """[(device, source, destination, protocol, source port, destination port, payload)] that left since the last time.
        UDP and TCP alone: neighbour discovery is the kernel's. The management port's own traffic is left out."""
        out = []
        for d, s in self.socks:
            while select.select([s], [], [], 0)[0]:
                p, (_, _, kind, _, _) = s.recvfrom(70000)
                if kind == OUTGOING:
                    x = parse(p)
                    if x and 8080 not in x[3:5]:
                        out.append((d,) + x)
        return out


def parse(p):
    if len(p) < 20:
        return None
    if p[0] >> 4 == 4:
        n, proto = (p[0] & 15) * 4, p[9]
        src, dst = socket.inet_ntop(socket.AF_INET, p[12:16]), socket.inet_ntop(socket.AF_INET, p[16:20])
    elif p[0] >> 4 == 6 and len(p) >= 40:
        n, proto = 40, p[6]
        src, dst = socket.inet_ntop(socket.AF_INET6, p[8:24]), socket.inet_ntop(socket.AF_INET6, p[24:40])
    else:
        return None
    if proto not in (6, 17) or len(p) < n + 8:
        return None
    sport, dport = struct.unpack("!HH", p[n:n + 4])
    start = n + 8 if proto == 17 else n + (p[n + 12] >> 4) * 4
    return src, dst, "udp" if proto == 17 else "tcp", sport, dport, p[start:]
