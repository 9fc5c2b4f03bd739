# SPDX-License-Identifier: Apache-2.0
"""Calls set up through a system and held, with the media ports that it gave: the file that rtpgen reads."""
import os
import re
import select
import time

from . import space
from .process import BenchError

SDP = ("v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"
       "a=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n")


def rtp_port(call):
    """Where rtpgen receives the audio of a call, on both sides."""
    return 40000 + 2 * (call % 4)


def media_of(sdp):
    return re.search(r"^c=IN IP4 (\S+)", sdp, re.M).group(1), int(re.search(r"^m=audio (\d+)", sdp, re.M).group(1))


def write_ports(path, calls):
    with open(path, "w") as f:
        for (a_ip, a_port), (b_ip, b_port) in calls:
            f.write("%s %d %s %d\n" % (a_ip, a_port, b_ip, b_port))


def by_ng(ng, n, path):
    """n calls through rtpengine's control protocol."""
    calls = []
    for i in range(n):
        port, more = rtp_port(i), {"call_id": "call-%d" % i, "from_tag": "a%d" % i, "ICE": "remove",
                                   "flags": ["trust-address"], "replace": ["origin"]}
        offer = ng.request(command="offer", sdp=SDP.format(ip=space.CALLER_IP, port=port), direction=["near", "far"],
                           **more)
        answer = ng.request(command="answer", sdp=SDP.format(ip=space.CALLEE_IP, port=port), to_tag="b%d" % i, **more)
        if offer.get("result") != "ok" or answer.get("result") != "ok":
            raise BenchError("rtpengine refuses call %d: %s %s" % (i, offer, answer))
        calls.append((media_of(answer["sdp"]), media_of(offer["sdp"])))
    write_ports(path, calls)


def _header(text, *names):
    for name in names:
        found = re.search(r"^%s\s*:\s*(.*?)\r?$" % re.escape(name), text, re.M | re.I)
        if found:
            return found.group(1)
    raise BenchError("no %s in:\n%s" % (names[0], text))


class SipCalls:
    """n calls through SIP: a caller and a callee in one, over UDP, a few at a time. The calls stay until the system
    ends."""

    WINDOW = 20

    def __init__(self, system, n, path):
        self.system, self.n = system, n
        self.near, self.far = space.socket_in(space.NEAR), space.socket_in(space.FAR)
        self.near.bind((space.CALLER_IP, 5060))
        self.far.bind((space.CALLEE_IP, 5060))
        self.a, self.b = {}, {}  # by call: where to send
        self.waiting = {}        # call -> (INVITE, when it goes again)
        try:
            self._set_up()
        finally:
            self.near.close()
            self.far.close()
        write_ports(path, [(self.a[i], self.b[i]) for i in range(n)])

    def _set_up(self):
        started, end = 0, time.monotonic() + 20 + self.n / 50
        while len(self.a) < self.n:
            while started < self.n and len(self.waiting) < self.WINDOW:
                self._invite(started)
                started += 1
            if time.monotonic() > end:
                raise BenchError("%s: %d of %d calls set up" % (self.system.name, len(self.a), self.n))
            for s in select.select([self.near, self.far], [], [], 0.1)[0]:
                text = s.recv(65536).decode()
                if s is self.near:
                    self._from_near(text)
                elif text.startswith("INVITE"):
                    self._answer(text)
            for call, (text, again) in list(self.waiting.items()):
                if time.monotonic() > again:
                    self._send_invite(call, text)

    def _send_invite(self, call, text):
        self.waiting[call] = (text, time.monotonic() + 0.5)
        self.near.sendto(text.encode(), (self.system.near, 5060))

    def _request(self, method, uri, call, to):
        return ("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%d\r\nMax-Forwards: 70\r\n"
                "From: <sip:anna@%s>;tag=a%d\r\nTo: %s\r\nCall-ID: held-%d-%d\r\nCSeq: 1 %s\r\n"
                % (method, uri, space.CALLER_IP, method, call, space.CALLER_IP, call, to, os.getpid(), call, method))

    def _invite(self, call):
        uri, body = "sip:%d@%s" % (call, self.system.near), SDP.format(ip=space.CALLER_IP, port=rtp_port(call))
        self._send_invite(call, self._request("INVITE", uri, call, "<%s>" % uri) +
                          "Contact: <sip:anna@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s"
                          % (space.CALLER_IP, len(body), body))

    def _from_near(self, text):
        status = int(text.split()[1]) if text.startswith("SIP/2.0") else 0
        if status < 200:
            return
        if status > 299:
            raise BenchError("%s refuses a call: %s" % (self.system.name, text.splitlines()[0]))
        call = int(_header(text, "Call-ID", "i").split("-")[-1])
        contact = re.search(r"<([^>]*)>", _header(text, "Contact", "m")).group(1)
        ack = self._request("ACK", contact, call, _header(text, "To", "t")) + "Content-Length: 0\r\n\r\n"
        self.near.sendto(ack.encode(), (self.system.near, 5060))
        self.a[call] = media_of(text)
        self.waiting.pop(call, None)

    def _answer(self, text):
        call = int(re.match(r"INVITE sip:(\d+)@", text).group(1))
        self.b[call] = media_of(text)
        body = SDP.format(ip=space.CALLEE_IP, port=rtp_port(call))
        kept = re.findall(r"^(?:Via|v|Record-Route|From|f|Call-ID|i|CSeq)\s*:.*?\r\n", text, re.M | re.I)
        reply = ("SIP/2.0 200 OK\r\n%sTo: %s;tag=b%d\r\nContact: <sip:bert@%s>\r\nContent-Type: application/sdp\r\n"
                 "Content-Length: %d\r\n\r\n%s" % ("".join(kept), _header(text, "To", "t"), call, space.CALLEE_IP,
                                                  len(body), body))
        self.far.sendto(reply.encode(), (self.system.far, 5060))
