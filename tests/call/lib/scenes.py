# SPDX-License-Identifier: Apache-2.0
"""scenes: configurations that several cases share."""


def host(t, n, side="callee"):
    a = t.addr(side, n)
    return f"[{a}]" if ":" in a else a


def targets(t, *where, **more):
    """The callee at several places, in order: 2 is an address, "3:5099" has a port, "tcp:2:5099" a transport."""
    out = []
    for w in where:
        parts = str(w).split(":")
        transport = parts.pop(0) if parts[0] in ("udp", "tcp") else "udp"
        port = parts[1] if len(parts) > 1 else "5060"
        out.append(f"{transport}:{host(t, parts[0])}:{port}")
    return {"peers": {"callee": {"targets": out, "sources": [t.addr("callee", n) for n in (2, 3, 4)], **more}}}


def two_peers(t, **more):
    """A second callee at its own address, tried after the first."""
    return {"peers": {"callee": more, "second": {"network": "core", "targets": [f"udp:{host(t, 3)}:5060"]}},
            "routes": [{"name": "out", "match": {"peer": "caller"}, "target": ["callee", "second"]}]}
