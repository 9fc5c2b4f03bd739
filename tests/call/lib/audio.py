# SPDX-License-Identifier: Apache-2.0
"""audio: phones that speak a tone each in G.711 A-law and tell by Goertzel which tones they hear; RTCP; what the record says.

Tones are multiples of 50 Hz, so that a packet of 20 ms holds whole periods: each packet is judged by itself."""
import math
import socket
import struct
import time
from collections import Counter

from . import netns
from .endpoint import Fail

TONES = (450, 950, 1550, 2050, 2650)
SAMPLES = 160
EVERY = 0.02


# ---- G.711 A-law and tones

def to_alaw(x):
    """A sample of 16 bits to a byte (ITU-T G.711 table 1)."""
    sign, x = (0x80, x >> 4) if x >= 0 else (0, (-x - 1) >> 4)
    exponent = max(0, x.bit_length() - 4)
    return (sign | exponent << 4 | x >> max(0, exponent - 1) & 15) ^ 0x55


def from_alaw(b):
    b ^= 0x55
    exponent, x = b >> 4 & 7, (b & 15) << 4 | 8
    if exponent:
        x = (x | 0x100) << (exponent - 1)
    return x if b & 0x80 else -x


def tone(hz):
    return bytes(to_alaw(int(12000 * math.sin(2 * math.pi * hz * i / 8000))) for i in range(SAMPLES))


def share(samples, hz):
    """How much of the samples' energy is at hz: 0 to 1 (Goertzel)."""
    k = 2 * math.cos(2 * math.pi * hz / 8000)
    s1 = s2 = 0.0
    for x in samples:
        s1, s2 = x + k * s1 - s2, s1
    energy = sum(x * x for x in samples)
    return 2 * (s1 * s1 + s2 * s2 - k * s1 * s2) / (len(samples) * energy) if energy else 0.0


_known = {}


def tone_of(payload):
    """The tone that makes up this payload, or None."""
    if payload not in _known:
        pcm = [from_alaw(b) for b in payload]
        _known[payload] = next((t for t in TONES if len(pcm) and share(pcm, t) > 0.9), None)
    return _known[payload]


# ---- a phone

class Phone:
    """RTP on an even port, RTCP on the next. to: Limen's address and RTP port, once aimed."""

    def __init__(self, case, side, hz, host=2, port=4000, address=None):
        self.case, self.side, self.hz = case, side, hz
        self.host = address or case.addr(side, host)
        self.family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.payload, self.seq, self.ssrc, self.stamp = tone(hz), 1000 + hz, 0xbeef0000 + hz, 0
        self.to, self.talking, self.packets, self.reports, self.tos = None, True, [], [], set()
        self.port = port
        self.rtp, self.rtcp = self.bound(port), self.bound(port + 1)

    def bound(self, port):
        with self.case.network.inside(self.side):
            s = socket.socket(self.family, socket.SOCK_DGRAM)
            if self.family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, 66, 1)  # IPV6_RECVTCLASS
            else:
                s.setsockopt(socket.IPPROTO_IP, 13, 1)  # IP_RECVTOS
            s.bind((self.host, port))
        s.setblocking(False)
        self.case.sockets.append(s)
        return s

    def move(self, port):
        """What a NAT does when it forgets a binding: the same stream, from another port."""
        self.port, self.rtp = port, self.bound(port)

    def aim(self, sdp, stream=0):
        self.to = (sdp.address(stream), sdp.port(stream))
        return self

    # ---- sending

    def send(self, n=1, to=None):
        for _ in range(n):
            head = struct.pack("!BBHII", 0x80, 8, self.seq & 0xffff, self.stamp & 0xffffffff, self.ssrc)
            self.seq, self.stamp = self.seq + 1, self.stamp + SAMPLES
            self.rtp.sendto(head + self.payload, to or self.to)

    def report(self):
        """A sender report and a CNAME (RFC 3550 §6.4.1, §6.5)."""
        sr = struct.pack("!BBHIQIII", 0x80, 200, 6, self.ssrc, 0x1122334455667788, self.stamp, self.seq, self.hz)
        sdes = struct.pack("!BBHIBB4sH", 0x81, 202, 3, self.ssrc, 1, 4, b"%4d" % self.hz, 0)
        self.rtcp.sendto(sr + sdes, (self.to[0], self.to[1] + 1))
        return sr + sdes

    # ---- hearing

    def hears_reports(self, sent):
        """All of these, in order, as they were sent but for the CNAME: it names the host that it comes from, and another
        of its length stands in its place, the same each time."""
        self.drain()
        got, self.reports = [p for p, _ in self.reports], []
        who = f"{self.side}'s phone"
        self.case.equal([(p[:38], p[42:]) for p in got], [(p[:38], p[42:]) for p in sent], f"reports at the {who}")
        names = {p[38:42] for p in got}
        self.case.check(len(names) == 1 and not names & {p[38:42] for p in sent}, f"CNAMEs at the {who}: {names}")

    def drain(self):
        for s, into in ((self.rtp, self.packets), (self.rtcp, self.reports)):
            while True:
                try:
                    p, more, _, source = s.recvmsg(2000, 64)
                except (BlockingIOError, ConnectionRefusedError):
                    break
                into.append((p, source[:2]))
                self.tos |= {struct.unpack("i", d.ljust(4, b"\0")[:4])[0] for _, kind, d in more if kind in (1, 67)}

    def heard(self):
        """{tone: packets} since the last time; None is what is no tone."""
        self.drain()
        got, self.packets = Counter(tone_of(p[12:]) for p, _ in self.packets), []
        return got

    def hears(self, hz, at_least=5, only=True):
        got = self.heard()
        who = f"{self.side}'s phone on {self.host}:{self.port}"
        if got[hz] < at_least:
            raise Fail(f"{who} should hear {hz} Hz and heard {dict(got)}")
        if only and set(got) != {hz}:
            raise Fail(f"{who} should hear {hz} Hz alone and heard {dict(got)}")
        return got[hz]

    def hears_nothing(self):
        got = self.heard()
        if got:
            raise Fail(f"{self.side}'s phone on {self.host}:{self.port} should hear nothing and heard {dict(got)}")


def flow(seconds, *phones):
    """All of them speak for so long, a packet each 20 ms. A late start of the machine is not made up for."""
    end = time.monotonic() + seconds
    while True:
        for p in phones:
            if p.to:
                p.send()
            p.drain()
        if time.monotonic() >= end:
            break
        time.sleep(EVERY)
    time.sleep(0.03)
    for p in phones:
        p.drain()


def both(pa, pb, seconds=0.4):
    """Each hears the other and nothing else. What is heard before is thrown away, and what goes astray while it latches."""
    flow(0.1, pa, pb)
    pa.heard(), pb.heard()
    flow(seconds, pa, pb)
    pa.hears(pb.hz)
    pb.hears(pa.hz)


def phones(t, **kw):
    return Phone(t, "caller", 450, **kw), Phone(t, "callee", 950, **kw)


def join(t, pa, pb, **kw):
    """An established call with the phones aimed: (caller's dialog, callee's dialog)."""
    a, b = t.talk(**kw)
    pa.aim(a.early.sdp)
    pb.aim(b.invite.sdp)
    return a, b


# ---- what is said about it afterwards

def records(t, n=1, within=4.0):
    end = time.monotonic() + within
    while len(t.limen.cdrs()) < n:
        if time.monotonic() > end:
            raise Fail(f"{len(t.limen.cdrs())} call records and not {n} within {within} s")
        time.sleep(0.05)
    return t.limen.cdrs()


def verdicts(t, from_a=None, from_b=None):
    """Both sentences of the only record, word by word. {talk} stands for its whole seconds of talk."""
    r = records(t)[0]
    talk = r["talk_ms"] // 1000
    for side, wanted in (("from_a", from_a), ("from_b", from_b)):
        t.equal(r["verdict"][side], wanted and wanted.replace("{talk}", str(talk)), f"verdict {side}")
    return r


def said(t, host, port):
    """An address as sentences and logs write it."""
    a = t.addr(*host) if isinstance(host, tuple) else host
    return f"[{a}]:{port}" if ":" in a else f"{a}:{port}"


def route(t, side, net):
    """limen reaches net (which is nobody's) over that side: its packets leave, and nothing answers."""
    netns.ip_batch([f"route add {net} dev to-{side}"], t.network.name["limen"])


def elsewhere(t, public=False):
    """An address that no phone here has; with route() packets to it leave without an error."""
    if t.v6:
        return "2001:db8:77::7" if public else "fd77::7"
    return "203.0.113.7" if public else "192.168.77.7"


def refused(t):
    return t.metric('limen_media_drops_total{drop="source"}')
