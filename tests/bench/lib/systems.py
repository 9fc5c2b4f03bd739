# SPDX-License-Identifier: Apache-2.0
"""Limen under test. Each instance has addresses of its own, so that several stand beside each other."""
import json
import os
import signal
import socket

from . import process, space
from .process import BenchError

MEDIA_PORTS = "10000-59999"


class System:
    """Something that carries calls from `near` to the callees, or relays their media."""

    def __init__(self, name, work):
        self.name = name
        self.dir = os.path.join(work, name.replace(" ", "-").replace("+", "-"))
        os.makedirs(self.dir, exist_ok=True)
        self.near, self.far = space.new_addresses()
        self.parts = {}  # name -> process

    def _start(self, part, argv, cpu=None, **more):
        log = os.path.join(self.dir, part + ".log")
        p = process.start(space.command(space.MIDDLE, argv), log, cpu, **more)
        self.parts[part] = p
        return p

    def _check(self, part):
        if self.parts[part].poll() is not None:
            with open(os.path.join(self.dir, part + ".log")) as f:
                raise BenchError("%s: %s ended:\n%s" % (self.name, part, f.read()[-2000:]))
        return False

    def pids(self):
        return [pid for p in self.parts.values() for pid in process.tree(p.pid)]

    def cpu_seconds(self):
        return process.cpu_seconds(self.pids())

    def cpu_by_part(self):
        return {name: process.cpu_seconds(process.tree(p.pid)) for name, p in self.parts.items()}

    def pss_bytes(self):
        return process.pss_bytes(self.pids())

    def alive(self):
        for part in self.parts:
            self._check(part)


class Limen(System):
    """linger_s: how long after a call its transactions may stay (64*T1)."""

    linger_s = 33
    program = None  # set by bench.py
    _next_port = 8100

    def __init__(self, name, work, cdr=True, log="info", leak="count", workers=1, cpu=None, phones=False, store=False):
        """phones: callers are strangers who register, behind NAT."""
        super().__init__(name, work)
        Limen._next_port += 1
        self.manage = ("127.0.0.1", Limen._next_port)
        self.path = path = os.path.join(self.dir, "limen.json")
        with open(path, "w") as f:
            config = self._config(cdr, log, leak, workers, store)
            if phones:
                del config["peers"]["callers"]
                config["networks"]["near"].update(unknown="accept", nat=True, source_rate=0)
                config["routes"] = [{"match": {"network": "near"}, "target": "callees"}]
                config["limits"]["registrations"] = config["limits"]["registrations_source"] = 1000000
                config["registrations"] = {"core_rate": 0, "expires_phone": 3600}
            json.dump(config, f, indent=1)
        self._start("limen", [self.program, "run", path], cpu)
        process.until(self.name + " ready", 10, lambda: self._check("limen") or self._ready())

    def _config(self, cdr, log, leak, workers, store):
        def network(ip):
            return {"listen": "udp:%s:5060" % ip, "media": {"address": ip, "ports": MEDIA_PORTS}, "unknown": "reject"}

        config = {
            "networks": {"near": network(self.near), "far": network(self.far)},
            "peers": {
                "callers": {"network": "near", "targets": space.CALLER_IP, "sources": space.CALLER_IP},
                "callees": {"network": "far", "targets": space.CALLEE_IP},
            },
            "routes": [{"match": {"peer": "callers"}, "target": "callees"}],
            # callers without media stay as long as the bench wants
            "timers": {"media_silence": 0, "hold_silence": 0, "drain": 100},
            "limits": {"calls": 20000, "transactions": 2000000},
            "workers": workers,
            "log": {"level": log, "file": os.path.join(self.dir, "limen.lines")},
            "leak": leak,
            "manage": {"listen": "%s:%d" % self.manage},
        }
        if cdr:
            config["cdr"] = {"file": os.path.join(self.dir, "cdr.jsonl")}
        if store:
            config["store"] = {"file": os.path.join(self.dir, "store.db")}
        return config

    def _get(self, path):
        s = space.socket_in(space.MIDDLE, socket.SOCK_STREAM)
        with s:
            s.settimeout(5)
            s.connect(self.manage)
            s.sendall(("GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n" % path).encode())
            text = b""
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                text += piece
        return text.decode(errors="replace")

    def command(self, *words):
        """One of the program's own, at this Limen."""
        with open(os.path.join(self.dir, "command.out"), "w") as out:
            p = process.start(space.command(space.MIDDLE, [self.program, *words, "--config", self.path]), stdout=out)
            if process.wait_exit(p, 60) != 0:
                raise BenchError("%s: limen %s did not end well" % (self.name, " ".join(words)))

    def reload(self):
        def done():
            with open(os.path.join(self.dir, "limen.lines")) as f:
                return f.read().count("reload done")

        before = done()
        self.parts["limen"].send_signal(signal.SIGHUP)
        process.until("reload", 30, lambda: done() > before)

    def _ready(self):
        try:
            return " 200 " in self._get("/readyz").split("\r\n")[0]
        except OSError:
            return False

    def metrics(self):
        """Prometheus text as {"name{labels}": value}."""
        values = {}
        for line in self._get("/metrics").splitlines():
            words = line.rsplit(" ", 1)
            if len(words) == 2 and not line.startswith("#"):
                try:
                    values[words[0]] = float(words[1])
                except ValueError:
                    pass
        return values

    def transactions(self):
        """Those alive, lingering ones included."""
        return sum(v for k, v in self.metrics().items() if k.startswith("limen_transactions{"))
