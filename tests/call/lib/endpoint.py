# SPDX-License-Identifier: Apache-2.0
"""endpoint: a user agent's sockets: sends what it is told, and compares what comes with what the dialogue expects.

Strict like a test specification: the next new message must be the expected one. Exact repetitions (retransmissions) are
set apart, and 100 is passed over unless asked for. What is left over at the end fails the case."""
import select
import socket
import time

from .message import Message, host_port


class Fail(AssertionError):
    pass


class Endpoint:
    transport = "UDP"

    def __init__(self, case, who, host, port, limen, name=None):
        self.case, self.who, self.host, self.port, self.limen = case, who, host, port, limen
        self.name = name or who
        self.inbox, self.repeats, self.seen = [], [], set()
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.here = host_port(host, port)
        self.via = f"SIP/2.0/{self.transport} {self.here}"
        self.open()
        case.endpoints.append(self)

    def open(self):
        with self.case.network.inside(self.who):
            self.sock = socket.socket(self.family, socket.SOCK_DGRAM)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.sock.bind((self.host, self.port))
        self.sock.setblocking(False)

    def close(self):
        self.sock.close()

    # ---- sending

    def send(self, raw, to=None, conn=None):
        if isinstance(raw, str):
            raw = raw.encode()
        self.forget_repeats()
        self.case.traced(self.name, "->", raw)
        self.transmit(raw, to, conn)
        return raw

    def forget_repeats(self):
        self.pump(0)
        self.repeats.clear()

    def transmit(self, raw, to, conn):
        self.sock.sendto(raw, to or self.limen)

    # ---- receiving

    def pump(self, timeout):
        """Reads what is there; waits at most timeout for the first."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return
        while True:
            try:
                raw, source = self.sock.recvfrom(70000)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self.take(raw, source[:2], None)

    def take(self, raw, source, conn):
        if not raw.strip():
            return
        self.case.traced(self.name, "<-", raw, repeat=raw in self.seen)
        m = Message(raw, source, conn)
        m.time = time.monotonic()
        if raw in self.seen:
            self.repeats.append(m)
        else:
            self.seen.add(raw)
            self.inbox.append(m)

    def expect(self, what, within=4.0, call_id=None):
        """The next new message (of this call) must be `what`."""
        end = time.monotonic() + within
        while True:
            for m in self.inbox:
                if call_id and m.call_id != call_id:
                    continue
                if m.status == 100 and what != 100:
                    self.inbox.remove(m)
                    break
                if not m.is_(what):
                    raise Fail(f"{self.name} expected {what} and got {m.what()}: {m.start}")
                self.inbox.remove(m)
                return m
            else:
                left = end - time.monotonic()
                if left <= 0:
                    raise Fail(f"{self.name} expected {what} within {within} s; nothing came")
                self.pump(left)

    def expect_each(self, *whats, within=4.0, call_id=None):
        """These, in whatever order; returned in the order asked for."""
        got = {}
        end = time.monotonic() + within
        while len(got) < len(whats):
            left = [w for i, w in enumerate(whats) if i not in got]
            m = self.expect(tuple(left), max(0.01, end - time.monotonic()), call_id)
            got[next(i for i, w in enumerate(whats) if i not in got and m.is_(w))] = m
        return [got[i] for i in range(len(whats))]

    def expect_repeat(self, m, within=4.0):
        """m once more, byte by byte, since we sent something last."""
        end = time.monotonic() + within
        while True:
            for r in self.repeats:
                if r.raw == m.raw:
                    self.repeats.remove(r)
                    return r
            left = end - time.monotonic()
            if left <= 0:
                raise Fail(f"{self.name} expected {m.what()} once more within {within} s; it did not come")
            self.pump(left)

    def gather(self, seconds, what=None):
        """What is new after so long, taken out of the inbox: all, or that which is `what`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)
        got = [m for m in self.inbox if what is None or m.is_(what)]
        self.inbox = [m for m in self.inbox if m not in got]
        return got

    def expect_quiet(self, seconds):
        """Nothing new may come; repetitions may."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(max(0, end - time.monotonic()))
            for m in self.inbox:
                if m.status != 100:
                    raise Fail(f"{self.name} expected nothing and got {m.what()}: {m.start}")

    def leftovers(self):
        try:
            self.pump(0)
        except (OSError, ValueError):
            pass
        return [m for m in self.inbox if m.status != 100]


class StreamEndpoint(Endpoint):
    """The same over TCP: listens, and opens a connection when it has to send a request without one."""
    transport = "TCP"

    def open(self):
        with self.case.network.inside(self.who):
            self.listener = socket.socket(self.family, socket.SOCK_STREAM)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((self.host, self.port))
            self.listener.listen(16)
        self.conns, self.buffers, self.conn = [], {}, None
        self.closed = []

    def connect(self, main=True, rcvbuf=None):
        with self.case.network.inside(self.who):
            s = socket.socket(self.family, socket.SOCK_STREAM)
            if rcvbuf:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.bind((self.host, 0))
            s.settimeout(5)
            s.connect(self.limen)
        self.adopt(s)
        if main:
            self.conn = s
        return s

    def adopt(self, s):
        self.conns.append(s)
        self.buffers[s] = b""

    def close(self):
        for s in self.conns:
            s.close()
        self.listener.close()
        self.conns = []

    def transmit(self, raw, to, conn):
        s = conn or self.conn or self.connect()
        s.settimeout(5)
        s.sendall(raw)

    def pump(self, timeout):
        ready = select.select([self.listener] + self.conns, [], [], timeout)[0]
        for s in ready:
            if s is self.listener:
                c, _ = s.accept()
                self.adopt(c)
            else:
                self.read(s)

    def read(self, s):
        try:
            data = s.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            self.drop(s)
            return
        b = self.buffers[s] + data
        while True:
            b = b.lstrip(b"\r\n")
            head, sep, rest = b.partition(b"\r\n\r\n")
            if not sep:
                break
            n = int(Message(head + sep)["Content-Length"] or 0)
            if len(rest) < n:
                break
            self.take(head + sep + rest[:n], None, s)
            b = rest[n:]
        self.buffers[s] = b

    def drop(self, s):
        self.closed.append(s)
        self.conns.remove(s)
        if self.conn is s:
            self.conn = None
        s.close()

    def expect_closed(self, s, within=4.0):
        end = time.monotonic() + within
        while s not in self.closed:
            left = end - time.monotonic()
            if left <= 0:
                raise Fail(f"{self.name} expected its connection to be closed within {within} s; it is open")
            self.pump(left)
