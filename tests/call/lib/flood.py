# SPDX-License-Identifier: Apache-2.0
"""flood: INVITEs as fast as they go, from sources that are no endpoints: what comes back is thrown away, nothing is answered."""
import socket
import threading
import time

from . import audio
from .message import host_port, sdp, text
from .netns import ip_batch

PER_BURST, PAUSE = 20, 0.01  # of each source: up to 2,000 a second
SECONDS = 1.2                # of talk in the midst of it
LIMIT = 1500                 # limits.transactions, of one worker
STRANGER = 5                 # an address that no other case has


def config(t):
    """greedy may have one call, hasty begin one a second; both are connected to an echo that they never acknowledge."""
    def peer(host, **limits):
        return {"network": "access", "targets": [host_port(t.addr("caller", host), 5060)], "sources": [t.addr("caller", host)],
                "limits": limits}

    return {"networks": {"access": {"unknown": "reject"}}, "limits": {"transactions": LIMIT},
            "peers": {"greedy": peer(3, calls=1), "hasty": peer(4, cps=1)},
            "routes": [{"match": {"peer": "greedy"}, "target": "echo"}, {"match": {"peer": "hasty"}, "target": "echo"},
                       {"match": {"peer": "caller"}, "target": "callee"}]}


class Source:
    def __init__(self, t, host, tcp):
        self.limen, self.tcp, self.sent, self.rest = t.limen_at("caller"), tcp, 0, b""
        h = t.addr("caller", host)
        family = socket.AF_INET6 if ":" in h else socket.AF_INET
        with t.network.inside("caller"):
            self.sock = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
            self.sock.bind((h, 0 if tcp else 5060))
            self.sock.connect(self.limen)
        self.sock.setblocking(False)
        t.sockets.append(self.sock)
        here = host_port(h, self.sock.getsockname()[1])
        kind = "TCP" if tcp else "UDP"
        self.raw = text(f"INVITE sip:bob@{host_port(*self.limen)} SIP/2.0",
                        [("Via", f"SIP/2.0/{kind} {here};branch=z9hG4bKNUMBER{host}"), ("Max-Forwards", "70"),
                         ("From", f"<sip:flood@{here}>;tag=NUMBER"), ("To", f"<sip:bob@{host_port(*self.limen)}>"),
                         ("Call-ID", f"NUMBER-{host}"), ("CSeq", "1 INVITE"),
                         ("Contact", f"<sip:flood@{here};transport={kind.lower()}>"), ("Content-Type", "application/sdp")], sdp(h))

    def burst(self):
        for _ in range(PER_BURST):
            if self.rest:
                break
            self.rest = self.raw.replace(b"NUMBER", b"%08x" % self.sent)
            self.push()
            self.sent += 1
        self.push()
        try:
            while self.sock.recv(1 << 16):
                pass
        except OSError:
            pass

    def push(self):
        """Over TCP what does not fit now goes first the next time."""
        try:
            self.rest = self.rest and self.rest[self.sock.send(self.rest):]
        except (BlockingIOError, ConnectionRefusedError):
            self.rest = self.rest if self.tcp else b""


class Flood:
    """Three sources, from `with` to its end."""

    def __init__(self, t, tcp):
        ip_batch([f"addr add {t.addr('caller', STRANGER)}/{64 if t.v6 else 24} dev eth0{' nodad' if t.v6 else ''}"],
                 t.network.name["caller"])
        self.over = threading.Event()
        self.greedy, self.hasty, self.stranger = (Source(t, host, tcp) for host in (3, 4, STRANGER))
        self.all = (self.greedy, self.hasty, self.stranger)

    def run(self):
        while not self.over.is_set():
            for s in self.all:
                s.burst()
            time.sleep(PAUSE)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *a):
        self.over.set()
        self.thread.join()

    def finish(self):
        """Half a message would not count."""
        end = time.monotonic() + 5
        while any(s.rest for s in self.all) and time.monotonic() < end:
            for s in self.all:
                s.push()
            time.sleep(PAUSE)


def rejects(m, reason):
    return int(m.get(f'limen_rejects_total{{reason="{reason}"}}', 0))


def lost_by_kernel(t):
    """Datagrams that found the program's socket full."""
    with t.network.inside("limen"):
        with open("/proc/thread-self/net/snmp") as f:
            v4 = int([x for x in f if x.startswith("Udp:")][1].split()[5])
        with open("/proc/thread-self/net/snmp6") as f:
            v6 = int(next(x for x in f if x.startswith("Udp6RcvbufErrors")).split()[1])
    return v4 + v6


def refused_at(m, peer, limit):
    return int(m.get(f'limen_peer_refused_total{{peer="{peer}",limit="{limit}"}}', 0))


# answer_rate: refused over UDP, and not answered
REASONS = ("peer_calls", "peer_cps", "unknown_source", "rate", "answer_rate")


def counted(t, f):
    """(refused or admitted, sent) of the peers and of all, as far as it has come."""
    m = t.limen.metrics()
    echoes, peers = int(m["limen_calls_total"]) - 1, f.greedy.sent + f.hasty.sent
    return {"peers": (refused_at(m, "greedy", "calls") + refused_at(m, "hasty", "cps") + echoes, peers),
            "all": (sum(rejects(m, r) for r in REASONS) + echoes, peers + f.stranger.sent)}, m


def withstand(t, tcp):
    t.b
    f = Flood(t, tcp)
    pa, pb = audio.phones(t)
    most = 0
    with f:
        time.sleep(0.3)
        began = time.monotonic()
        a, b = audio.join(t, pa, pb)
        took = time.monotonic() - began
        most = max(most, t.metric("limen_transactions"))
        audio.both(pa, pb, SECONDS)
        most = max(most, t.metric("limen_transactions"))
        t.hang_up(a, b)
        most = max(most, t.metric("limen_transactions"))
    f.finish()
    t.check(took < 2, f"the call took {took:.1f} s to come about")
    end = time.monotonic() + 5
    while True:
        got, m = counted(t, f)
        lost = 0 if tcp else lost_by_kernel(t) + rejects(m, "queue_full")
        if all(sent - lost <= n <= sent for n, sent in got.values()):
            break
        t.check(time.monotonic() < end, f"refused and sent: {got}, lost {lost}")
        time.sleep(0.1)
    reasons = {r: rejects(m, r) for r in REASONS}
    t.check(all(n or r == "answer_rate" for r, n in reasons.items()), f"reasons: {reasons}")
    t.check(refused_at(m, "greedy", "calls") < f.greedy.sent and refused_at(m, "hasty", "cps") < f.hasty.sent, "none was admitted")
    t.equal(rejects(m, "transactions"), 0, "refused for want of transactions")
    # those that are refused anyway take half of them at most; the healthy call's, and the echoes', come on top
    room = LIMIT * (3 if t.workers else 1)
    for s in f.all:
        s.sock.close()
    t.check(room / 10 < most <= room / 2 + 50, f"{most:g} transactions of {room}, of {sum(s.sent for s in f.all)} requests")
