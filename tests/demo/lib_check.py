# SPDX-License-Identifier: Apache-2.0
"""What the captures tell: which audio arrived, and whether one side's inside was seen on another.

A side's secrets are all that was said on it that tells who is there: by the party itself, and by Limen towards it (its
ids of the two legs may not be tied together either). They are looked for, byte for byte and without regard to case, in
every packet that Limen sent to the parties of the other sides: SIP, SDP, RTP and RTCP alike."""
import base64
import ipaddress
import re
import struct
import subprocess

import lib_audio
from lib_net import Failed

SIP_PORTS = "5060-5099"

# tshark's name of a field -> what it is called in the table. Fields that come several times in a packet are joined by "|".
SECRETS = {
    "sip.Call-ID": "Call-ID",
    "sip.from.tag": "From tag",
    "sip.to.tag": "To tag",
    "sip.Via.branch": "branch",
    "sip.Via.sent-by.address": "Via host",
    "sip.contact.uri": "Contact",
    "sip.contact.host": "Contact host",
    "sip.r-uri.host": "Request-URI host",
    "sip.from.host": "From host",
    "sip.to.host": "To host",
    "sip.User-Agent": "User-Agent",
    "sip.Server": "Server",
    "sdp.owner": "o=",
    "sdp.owner.username": "o= name",
    "sdp.owner.sessionid": "o= id",
    "sdp.session_name": "s=",
    "sdp.connection_info.address": "c= address",
    "rtcp.sdes.text": "CNAME",
}
# Headers whose names alone are nobody's secret: RFC 3261 §20 and what phones commonly write.
COMMON_HEADERS = set("""via from to call-id cseq contact max-forwards content-type content-length user-agent server allow supported
    require record-route route reason warning subject organization call-info date expires p-asserted-identity diversion accept
    timestamp privacy path""".split())
# Challenges and credentials cross where both sides say `auth: relay`, with what they name.
DIGEST = re.compile(rb"^(www-authenticate|proxy-authenticate|authorization|proxy-authorization):[^\r\n]*\r\n", re.M | re.I)
# Values that both sides have by themselves.
COMMON_VALUES = {"-", "limen", "sip", "0", "anonymous.invalid"}


def without_digest(message):
    """A request with credentials also repeats their URI as its own, so that the verifier accepts them."""
    left = DIGEST.sub(b"", message)
    if left != message and not message.startswith(b"SIP/2.0"):
        left = left.split(b"\r\n", 1)[1]
    return left


class Packet:
    """A UDP datagram; number is tshark's frame.number."""
    __slots__ = ("number", "time", "source", "target", "sport", "dport", "payload")

    def is_rtp(self):
        """RFC 7983: version 2; RFC 5761 §4: not one of RTCP's types."""
        p = self.payload
        return len(p) >= 12 and 128 <= p[0] < 192 and not 192 <= p[1] < 224 and not any(5060 <= n < 5100 for n in (self.sport, self.dport))


def ip_udp(frame):
    """(source, target, where UDP begins) of UDP over IP over Ethernet, without extension headers; else None."""
    if frame[12:14] == b"\x08\0" and frame[23] == 17:
        return frame[26:30], frame[30:34], 14 + (frame[14] & 15) * 4
    if frame[12:14] == b"\x86\xdd" and frame[20] == 17:
        return frame[22:38], frame[38:54], 54
    return None


def read_pcap(path):
    """UDP over IP over Ethernet, in order."""
    with open(path, "rb") as f:
        data = f.read()
    at, number, packets = 24, 0, []
    while at + 16 <= len(data):
        seconds, fraction, size = struct.unpack_from("<III", data, at)
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        number += 1
        found = ip_udp(frame)
        if not found:
            continue
        source, target, udp = found
        p = Packet()
        p.number, p.time = number, seconds + fraction / 1e6
        p.source, p.target = str(ipaddress.ip_address(source)), str(ipaddress.ip_address(target))
        p.sport, p.dport, length = struct.unpack_from("!HHH", frame, udp)
        p.payload = frame[udp + 8:udp + length]
        packets.append(p)
    return packets


def tshark(path, fields, show):
    words = ["tshark", "-n", "-r", path, "-Y", show, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", "-E", "separator=/t"]
    words += ["-d", "udp.port==%s,sip" % SIP_PORTS, "--enable-heuristic", "rtp_udp", "--enable-heuristic", "rtcp_udp"]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, errors="replace")
    if done.returncode:
        raise Failed("tshark: " + done.stderr.strip())
    return [line.split("\t") for line in done.stdout.splitlines()]


class Side:
    """One capture: a party, and Limen as that party sees it."""

    def __init__(self, name, path, party, limen, known):
        self.name, self.party, self.limen = name, party, limen
        self.packets = read_pcap(path)
        self.secrets = {}  # text in lower case -> what it is
        self.own = set()   # what the party said itself, and may hear again
        for text, what in known.items():
            self.add(text, what)
        fields = list(SECRETS)
        for row in tshark(path, ["ip.src", "ipv6.src"] + fields, "sip || rtcp"):
            for field, values in zip(fields, row[2:]):
                for value in filter(None, values.split("|")):
                    self.add(value, SECRETS[field])
                    if party in row[:2]:
                        self.own.add(value.lower())
        for p in self.packets:
            if p.source == party and b"SIP/2.0" in p.payload:
                self.headers(DIGEST.sub(b"", p.payload.split(b"\r\n\r\n", 1)[0] + b"\r\n").decode(errors="replace").strip())

    def add(self, text, what):
        text = text.strip().lower()
        if len(text) < 4 or text in COMMON_VALUES or re.fullmatch(r"\+?\d{1,9}", text):
            return
        self.secrets.setdefault(text, what)

    def headers(self, head):
        """Names and words of headers that this party alone writes."""
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.strip().lower() not in COMMON_HEADERS:
                self.add(name, "header name")
                self.add(value, name.strip())

    def to_party(self):
        return [p for p in self.packets if p.source == self.limen and p.target == self.party]

    def strangers(self):
        """Addresses in IP headers that have no business here."""
        return {a for p in self.packets for a in (p.source, p.target)} - {self.party, self.limen}

    def payloads(self, begin, end):
        """Of the RTP that reached the party in this time."""
        return [p.payload[12:] for p in self.to_party() if begin <= p.time <= end and p.is_rtp()]

    def heard(self, begin, end):
        """The same as samples."""
        return [lib_audio.FROM_ALAW[b] for payload in self.payloads(begin, end) for b in payload]


def spellings(text):
    """The ways in which a secret may be written: itself, in base64, an address also as bytes."""
    raw = text.encode()
    found = [raw, base64.b64encode(raw).rstrip(b"=").lower()[:-1]]
    try:
        found.append(ipaddress.ip_address(text).packed)
    except ValueError:
        pass
    return found


def leaks(sides):
    """[(time, side that saw it, side whose it is, what, text)]; time is None for what no single packet shows."""
    found = []
    for seer in sides:
        packets = [(p, without_digest(p.payload).lower()) for p in seer.to_party()]
        for stranger in sorted(seer.strangers()):
            found.append((None, seer.name, "?", "IP address", stranger))
        for owner in sides:
            if owner is seer:
                continue
            for text, what in owner.secrets.items():
                if text in seer.own:
                    continue
                for n, form in enumerate(spellings(text)):
                    for p, low in packets:
                        # Four bytes of an address turn up in audio by chance; words do not.
                        if n == 2 and p.is_rtp():
                            continue
                        if form in low:
                            found.append((p.time, seer.name, owner.name, what, text))
    return found


LADDER = ["frame.time_epoch", "ip.src", "ip.dst", "sip.Method", "sip.Status-Code", "sip.CSeq.method", "sdp.media.port"]


def ladder(sides, begin, end):
    """The messages of one call on all sides, in their order: (seconds, side, arrow, text)."""
    rows = []
    for place, (side, path) in enumerate(sides):
        for at, source, _, method, status, cseq, sdp in tshark(path, LADDER, "sip"):
            if begin <= float(at) <= end:
                text = method or "%s (%s)" % (status, cseq)
                rows.append((float(at), place, source == side.party, text + (" + SDP" if sdp else "")))
    return sorted(rows)
