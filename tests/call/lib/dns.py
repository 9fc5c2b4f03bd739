# SPDX-License-Identifier: Apache-2.0
"""dns: a name server of the case's own, answering from a table: (name, type) -> records. Runs as a thread over sockets
made beforehand, so it needs no namespace of its own. What is not in the table is NXDOMAIN, what is None is not answered."""
import socket
import struct
import threading

TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "NAPTR": 35}


def encode(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.rstrip(".").split(".")) + b"\0"


def rdata(kind, v):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, v)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, v)
    priority, weight, port, target = v
    return struct.pack("!HHH", priority, weight, port) + encode(target)


class Dns:
    def __init__(self, case, table, ttl=60, host="10.2.0.4"):
        self.table, self.ttl, self.asked = table, ttl, []
        with case.network.inside("callee"):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((host, 53))
        case.sockets.append(self.sock)
        self.server = f"{host}:53"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                q, source = self.sock.recvfrom(4096)
            except OSError:
                return
            a = self.answer(q)
            if a:
                try:
                    self.sock.sendto(a, source)
                except OSError:
                    return

    def answer(self, q):
        labels, i = [], 12
        while q[i]:
            labels.append(q[i + 1:i + 1 + q[i]].decode())
            i += q[i] + 1
        kind = struct.unpack("!H", q[i + 1:i + 3])[0]
        name = ".".join(labels).lower()
        text = next((t for t, n in TYPES.items() if n == kind), str(kind))
        self.asked.append((name, text))
        known = any(n == name for n, _ in self.table)
        records = self.table.get((name, text), [])
        if records is None:
            return None
        head = q[:2] + struct.pack("!HHHHH", 0x8580 | (0 if known else 3), 1, len(records), 0, 0)
        out = head + q[12:i + 5]
        for r in records:
            d = rdata(text, r)
            out += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, self.ttl, len(d)) + d
        return out
