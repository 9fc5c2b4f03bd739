# SPDX-License-Identifier: Apache-2.0
"""The network of the demo: namespaces, their wires, both NATs, captures, and the processes in them. All of it ends with
Net.close(), which leaves nothing behind whatever happened before.

    phone --- home ======= edge --- limen --- carrier
              masquerades  1:1       |
                                    pbx
"""
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)

NAMESPACES = ("phone", "home", "edge", "limen", "carrier", "pbx")
# (namespace, device, address) twice: the two ends of a wire. The addresses of Limen are those of the example.
WIRES = [
    (("phone", "lan", "192.168.1.77/24"), ("home", "lan", "192.168.1.1/24")),
    (("home", "wan", "198.51.100.77/24"), ("edge", "wan", "198.51.100.10/24")),
    (("edge", "lan", "192.168.7.1/24"), ("limen", "access", "192.168.7.2/24")),
    (("limen", "trunk", "203.0.113.10/24"), ("carrier", "trunk", "192.0.2.1/24")),
    (("limen", "core", "10.0.0.2/24"), ("pbx", "core", "10.0.0.5/24")),
]
ROUTES = [
    ("phone", "default via 192.168.1.1"),
    ("limen", "198.51.100.0/24 via 192.168.7.1"),
    ("limen", "192.0.2.0/24 dev trunk"),
    ("carrier", "203.0.113.0/24 dev trunk"),
]
NATS = {
    # Ports are drawn by chance, so that nothing a phone writes into its messages is true outside.
    "home": "table ip nat {\n chain out {\n type nat hook postrouting priority 100\n oifname wan masquerade random\n }\n}\n",
    "edge": "table ip nat {\n chain in {\n type nat hook prerouting priority -100\n iifname wan ip daddr 198.51.100.10 dnat to 192.168.7.2\n }\n"
            " chain out {\n type nat hook postrouting priority 100\n oifname wan ip saddr 192.168.7.2 snat to 198.51.100.10\n }\n}\n",
}


class Failed(Exception):
    pass


def run(*words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise Failed("%s: %s" % (" ".join(words), done.stdout.strip()))
    return done.stdout


class Net:
    """more: further (namespaces, wires, routes), with which the network is built."""

    def __init__(self, folder, prefix="limen-demo", more=((), (), ())):
        self.prefix = "%s-%d-" % (prefix, os.getpid())
        self.folder, self.more = folder, more
        self.made, self.running = [], []

    def name(self, ns):
        return self.prefix + ns

    def build(self):
        namespaces, wires, routes = ([*own, *more] for own, more in zip((NAMESPACES, WIRES, ROUTES), self.more))
        for ns in namespaces:
            run("ip", "netns", "add", self.name(ns))
            self.made.append(self.name(ns))
            run("ip", "-n", self.name(ns), "link", "set", "lo", "up")
            forward = "1" if ns in NATS else "0"
            run("ip", "netns", "exec", self.name(ns), "sysctl", "-qw", "net.ipv4.ip_forward=" + forward,
                "net.ipv6.conf.default.accept_dad=0")
        for n, (a, b) in enumerate(wires):
            # Made inside a namespace under names of their own: the machine's own devices are not touched.
            run("ip", "-n", self.name(a[0]), "link", "add", "w%da" % n, "type", "veth", "peer", "name", "w%db" % n,
                "netns", self.name(b[0]))
            for (ns, device, address), old in ((a, "w%da" % n), (b, "w%db" % n)):
                run("ip", "-n", self.name(ns), "link", "set", old, "name", device)
                run("ip", "-n", self.name(ns), "addr", "add", address, "dev", device)
                run("ip", "-n", self.name(ns), "link", "set", device, "up")
        run("ip", "-n", self.name("limen"), "addr", "add", "2001:db8::10/64", "dev", "trunk", "nodad")
        for ns, route in routes:
            run("ip", "-n", self.name(ns), "route", "add", *route.split())
        for ns, rules in NATS.items():
            run("ip", "netns", "exec", self.name(ns), "nft", "-f", "-", input=rules)

    def start(self, ns, label, *words, **more):
        """A process in a namespace; what it prints goes to LABEL.log in the folder."""
        with open(os.path.join(self.folder, label + ".log"), "wb") as log:
            p = subprocess.Popen(["ip", "netns", "exec", self.name(ns)] + list(words), stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.STDOUT, start_new_session=True, cwd=self.folder, **more)
        self.running.append(p)
        return p

    def talk(self, ns, words, **more):
        """A process in a namespace that is spoken to by lines."""
        p = subprocess.Popen(["ip", "netns", "exec", self.name(ns)] + words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True, cwd=self.folder, text=True, errors="replace", **more)
        self.running.append(p)
        return p

    def capture(self, ns, device):
        path = os.path.join(self.folder, ns + ".pcap")
        open(path, "w").close()
        os.chmod(path, 0o666)
        p = self.start(ns, "dumpcap-" + ns, "dumpcap", "-q", "-P", "-i", device, "-w", path)
        wait_for(lambda: os.path.getsize(path) >= 24 or p.poll() is not None, 10, "dumpcap in " + ns)
        if p.poll() is not None:
            raise Failed("dumpcap ended: " + open(os.path.join(self.folder, "dumpcap-%s.log" % ns)).read())
        return p

    def stop(self, p, signal_number=signal.SIGINT, seconds=5):
        if p.poll() is None:
            p.send_signal(signal_number)
            try:
                p.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
        if p in self.running:
            self.running.remove(p)
        return p.returncode

    def close(self):
        for p in list(self.running):
            self.stop(p, signal.SIGTERM, 3)
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)

    @contextlib.contextmanager
    def inside(self, ns):
        """Sockets opened here are the namespace's."""
        here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open("/run/netns/" + self.name(ns), os.O_RDONLY)
        try:
            if LIBC.setns(there, CLONE_NEWNET):
                raise Failed("setns: " + os.strerror(ctypes.get_errno()))
            yield
        finally:
            LIBC.setns(here, CLONE_NEWNET)
            os.close(here)
            os.close(there)

    def connect(self, ns, port, seconds=10):
        def attempt():
            with self.inside(ns):
                try:
                    return socket.create_connection(("127.0.0.1", port), 5)
                except ConnectionError:
                    return None
        return wait_for(attempt, seconds, "port %d in %s" % (port, ns))

    def http(self, ns, port, path):
        try:
            with self.connect(ns, port, 0) as s:
                s.sendall(("GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" % path).encode())
                data = b""
                while chunk := s.recv(65536):
                    data += chunk
        except (ConnectionError, Failed):
            return 0, ""
        head, _, body = data.partition(b"\r\n\r\n")
        return int(head.split()[1]) if head else 0, body.decode(errors="replace")


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("%s: not within %g s" % (what, seconds))
        time.sleep(0.05)
