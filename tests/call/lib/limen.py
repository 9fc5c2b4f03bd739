# SPDX-License-Identifier: Apache-2.0
"""limen: the process under test: its configuration, its start and end, what its management port says."""
import copy
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import time

from .endpoint import Fail
from .message import host_port
from .netns import address

T1 = 40
TIMERS = {"t1": T1, "t2": 4 * T1, "t4": 2 * T1}
LINGER = 64 * T1 / 1000  # how long the last transaction stays, seconds
MANAGE = ("127.0.0.1", 8080)
libc = ctypes.CDLL(None)


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def merge(base, more):
    """more over base; None takes a key out."""
    for k, v in more.items():
        if v is None:
            base.pop(k, None)
        elif isinstance(v, dict) and isinstance(base.get(k), dict):
            merge(base[k], v)
        else:
            base[k] = copy.deepcopy(v)
    return base


def default_config(v6, folder):
    def net(n, first_port):
        both = [address(n, 1, False), address(n, 1, True)]
        return {"listen": [f"{t}:{host_port(a, 5060)}" for t in ("udp", "tcp") for a in both],
                "media": {"address": both, "ports": f"{first_port}-{first_port + 199}"}}

    def peer(name, n):
        return {"network": name, "targets": [f"udp:{host_port(address(n, 2, v6), 5060)}"],
                "sources": [address(n, 2, False), address(n, 2, True)]}

    return {
        "networks": {"access": net(1, 20000), "core": net(2, 30000)},
        "peers": {"caller": peer("access", 1), "callee": peer("core", 2)},
        "routes": [{"name": "out", "match": {"peer": "caller"}, "target": "callee"},
                   {"name": "back", "match": {"peer": "callee"}, "target": "caller"}],
        "timers": dict(TIMERS),
        "media": {"workers": 1, "latch_window_ms": 500, "port_cooldown_ms": 100},
        "manage": {"listen": host_port(*MANAGE)},
        "log": {"level": "debug", "file": os.path.join(folder, "limen.log")},
        "cdr": {"file": os.path.join(folder, "cdr.json")},
    }


class Limen:
    def __init__(self, network, exe, folder, config, env):
        self.network, self.exe, self.folder, self.config = network, exe, folder, config
        self.path = os.path.join(folder, "limen.json")
        self.log, self.cells = config["log"]["file"], os.path.join(folder, "cells.txt")
        self.errors = os.path.join(folder, "stderr.txt")
        self.env = dict(os.environ, LIMEN_CELLS=self.cells, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0",
                        UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1", **env)
        self.process = None
        self.write_config()

    def write_config(self, text=None):
        with open(self.path, "w") as f:
            f.write(text if text is not None else json.dumps(self.config, indent=1))

    def start(self, within=10.0):
        with self.network.inside("limen"), open(self.errors, "w") as err:
            self.process = subprocess.Popen([self.exe, "run", self.path], stdin=subprocess.DEVNULL, stdout=err,
                                            stderr=err, env=self.env, preexec_fn=die_with_parent)
        end = time.monotonic() + within
        while self.get("/readyz", 0.5)[0] != 200:
            if self.process.poll() is not None:
                raise Fail(f"limen did not start: exit code {self.process.returncode}")
            if time.monotonic() > end:
                raise Fail(f"limen was not ready within {within} s")
            time.sleep(0.02)
        self.descriptors = self.count_descriptors()

    def alive(self):
        return self.process and self.process.poll() is None

    def signal(self, signum):
        self.process.send_signal(signum)

    def stop(self, within=8.0):
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Fail(f"limen did not end within {within} s of SIGTERM")

    def kill(self):
        if self.alive():
            self.process.kill()
            self.process.wait()

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # ---- what it says

    def get(self, path, timeout=3.0):
        try:
            with self.network.inside("limen"):
                s = socket.create_connection(MANAGE, timeout)
            with s:
                s.settimeout(timeout)
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                data = b""
                while chunk := s.recv(65536):
                    data += chunk
        except OSError:
            return 0, ""
        head, _, body = data.partition(b"\r\n\r\n")
        try:
            return int(head.split(None, 2)[1]), body.decode()
        except (IndexError, ValueError):
            return 0, ""

    def command(self, *args, status=0, timeout=10.0):
        """What `limen ARGS --config ...` prints; it is to end with this status."""
        with self.network.inside("limen"):
            p = subprocess.run([self.exe, *args, "--config", self.path], stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, timeout=timeout, env=self.env, preexec_fn=die_with_parent)
        if p.returncode != status:
            raise Fail(f"limen {' '.join(args)} ended with {p.returncode} and not {status}: {p.stdout}{p.stderr}")
        return p.stdout + p.stderr

    def rpc(self, method, headers=(), timeout=5.0, **params):
        """(HTTP status, answer) of one JSON-RPC call."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        lines = {"Host": host_port(*MANAGE), "Content-Type": "application/json", "Connection": "close", **dict(headers),
                 "Content-Length": len(body)}
        head = "POST /rpc HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
        with self.network.inside("limen"):
            s = socket.create_connection(MANAGE, timeout)
        with s:
            s.settimeout(timeout)
            s.sendall((head + "\r\n" + body).encode())
            data = b""
            while chunk := s.recv(65536):
                data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        status = int(head.split(None, 2)[1])
        return status, json.loads(body) if status == 200 else body.decode()

    def metrics(self):
        """name -> value, and name{labels} -> value; without labels the sum."""
        status, body = self.get("/metrics")
        if status != 200:
            raise Fail(f"/metrics answers {status}")
        out = {}
        for line in body.splitlines():
            m = re.match(r"^([a-zA-Z_:][\w:]*)(\{[^}]*\})?\s+(\S+)", line)
            if m:
                v = float(m.group(3))
                out[m.group(1)] = out.get(m.group(1), 0) + v
                if m.group(2):
                    out[m.group(1) + m.group(2)] = v
        return out

    def log_lines(self):
        try:
            with open(self.log, errors="replace") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def cdrs(self):
        try:
            with open(self.config["cdr"]["file"]) as f:
                # workers write independently of each other
                return sorted((json.loads(x) for x in f if x.strip()), key=lambda r: r["end"])
        except FileNotFoundError:
            return []

    def stderr(self):
        with open(self.errors, errors="replace") as f:
            return f.read()
