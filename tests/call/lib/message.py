# SPDX-License-Identifier: Apache-2.0
"""message: SIP text <-> fields, as little as a test endpoint needs; and SDP written and read."""
import re
import secrets

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}


class Message:
    def __init__(self, raw, source=None, conn=None):
        self.raw, self.source, self.conn = raw, source, conn
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.append((name.strip(), value.strip()))
        w = self.start.split(" ", 2)
        self.status = int(w[1]) if w[0] == "SIP/2.0" else None
        self.phrase = w[2] if self.status and len(w) > 2 else ""
        self.method = self["CSeq"].split()[-1] if self.status else w[0]
        self.uri = None if self.status else w[1]
        self.cseq = int(self["CSeq"].split()[0]) if self["CSeq"] else 0

    def all(self, name):
        n = name.lower()
        return [v for k, v in self.headers if COMPACT.get(k.lower(), k.lower()) == n]

    def __getitem__(self, name):
        v = self.all(name)
        return v[0] if v else ""

    def tag(self, name):
        m = re.search(r";tag=([^;>\s]+)", self[name])
        return m.group(1) if m else None

    @property
    def call_id(self):
        return self["Call-ID"]

    @property
    def contact(self):
        m = re.search(r"<([^>]*)>", self["Contact"])
        return m.group(1) if m else self["Contact"].split(";")[0]

    @property
    def sdp(self):
        return Sdp(self.body.decode()) if self.body else None

    def what(self):
        return f"{self.status} ({self.method})" if self.status else self.method

    def is_(self, what):
        """what: a status, a method, or "200 BYE"; or a tuple of those."""
        if isinstance(what, tuple):
            return any(self.is_(w) for w in what)
        if isinstance(what, int):
            return self.status == what
        first, _, method = what.partition(" ")
        if method:
            return self.status == int(first) and self.method == method
        return self.status is None and self.method == what


def text(start, headers, body=b""):
    if isinstance(body, str):
        body = body.encode()
    out = [start] + [f"{k}: {v}" for k, v in headers] + [f"Content-Length: {len(body)}"]
    return ("\r\n".join(out) + "\r\n\r\n").encode() + body


def branch():
    return "z9hG4bK" + secrets.token_hex(8)


def token(n=6):
    return secrets.token_hex(n)


def host_port(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# ---- SDP

CODECS = {"PCMU": (0, "PCMU/8000"), "PCMA": (8, "PCMA/8000"), "G722": (9, "G722/8000"), "G729": (18, "G729/8000"),
          "opus": (96, "opus/48000/2"), "telephone-event": (101, "telephone-event/8000"), "H264": (97, "H264/90000")}


def audio(port=4000, codecs=("PCMA", "PCMU"), way="sendrecv", extra=()):
    return media("audio", port, "RTP/AVP", codecs, way, extra)


def video(port=4002, codecs=("H264",), way="sendrecv", extra=()):
    return media("video", port, "RTP/AVP", codecs, way, extra)


def image(port=4004):
    """T.38 over UDPTL."""
    return [f"m=image {port} udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400", "a=T38FaxUdpEC:t38UDPRedundancy"]


def media(kind, port, proto, codecs, way, extra=()):
    pts = [CODECS[c][0] for c in codecs]
    out = [f"m={kind} {port} {proto} " + " ".join(map(str, pts))]
    out += [f"a=rtpmap:{CODECS[c][0]} {CODECS[c][1]}" for c in codecs]
    return out + ([f"a={way}"] if way else []) + list(extra)


def sdp(host, *medias, version=1, session=4711, connection=None):
    family = "IP6" if ":" in host else "IP4"
    out = ["v=0", f"o=- {session} {version} IN {family} {host}", "s=-", f"c=IN {family} {connection or host}", "t=0 0"]
    for m in medias or (audio(),):
        out += m
    return "\r\n".join(out) + "\r\n"


class Sdp:
    def __init__(self, body):
        self.text = body
        self.lines = body.replace("\r\n", "\n").strip().split("\n")
        self.media, block = [], None
        self.session = []
        for line in self.lines:
            if line.startswith("m="):
                block = [line]
                self.media.append(block)
            else:
                (self.session if block is None else block).append(line)
        o = next(x for x in self.session if x.startswith("o=")).split()
        self.id, self.version, self.host = o[1], int(o[2]), o[5]

    def port(self, i=0):
        return int(self.media[i][0].split()[1])

    def formats(self, i=0):
        return self.media[i][0].split()[3:]

    def kind(self, i=0):
        return self.media[i][0].split()[0][2:]

    def address(self, i=0):
        for line in self.media[i] + self.session:
            if line.startswith("c="):
                return line.split()[2].split("/")[0]
        return None

    def way(self, i=0):
        for line in self.media[i] + self.session:
            if line[2:] in ("sendrecv", "sendonly", "recvonly", "inactive") and line.startswith("a="):
                return line[2:]
        return "sendrecv"
