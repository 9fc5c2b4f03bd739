# SPDX-License-Identifier: Apache-2.0
"""A client of rtpengine's ng control protocol: bencode over UDP, in the middle namespace."""
import os
import socket

from . import space
from .process import BenchError


def _encode(v):
    if isinstance(v, dict):
        return b"d" + b"".join(_encode(k) + _encode(v[k]) for k in sorted(v)) + b"e"
    if isinstance(v, list):
        return b"l" + b"".join(map(_encode, v)) + b"e"
    if isinstance(v, int):
        return b"i%de" % v
    v = v.encode()
    return b"%d:" % len(v) + v


def _decode(b, i=0):
    """(value, index behind it)"""
    c = b[i:i + 1]
    if c == b"i":
        end = b.index(b"e", i)
        return int(b[i + 1:end]), end + 1
    if c in (b"l", b"d"):
        items, i = [], i + 1
        while b[i:i + 1] != b"e":
            v, i = _decode(b, i)
            items.append(v)
        return (items if c == b"l" else dict(zip(items[::2], items[1::2]))), i + 1
    colon = b.index(b":", i)
    end = colon + 1 + int(b[i:colon])
    return b[colon + 1:end].decode(errors="replace"), end


class Ng:
    def __init__(self, port):
        self.sock = space.socket_in(space.MIDDLE)
        self.sock.settimeout(1)
        self.sock.connect(("127.0.0.1", port))

    def request(self, **keys):
        cookie = os.urandom(6).hex().encode()
        keys = {k.replace("_", "-"): v for k, v in keys.items()}
        for _ in range(5):
            try:
                self.sock.send(cookie + b" " + _encode(keys))
                while True:
                    got = self.sock.recv(65536)
                    if got.startswith(cookie + b" "):
                        return _decode(got, len(cookie) + 1)[0]
            except socket.timeout:
                continue
        raise BenchError("rtpengine does not answer " + keys["command"])

    def ping(self):
        try:
            self.sock.send(b"p " + _encode({"command": "ping"}))
            return b"pong" in self.sock.recv(1000)
        except OSError:
            return False

    def close(self):
        self.sock.close()
