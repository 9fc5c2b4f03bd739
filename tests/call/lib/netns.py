# SPDX-License-Identifier: Apache-2.0
"""netns: the network of one case: caller -- limen -- callee, a namespace each, dual stack.

    caller 10.1.0.2..4  fd00:1::2..4 --- 10.1.0.1  fd00:1::1  limen  10.2.0.1  fd00:2::1 --- callee 10.2.0.2..4 fd00:2::2..4

The same addresses in every case: namespaces keep them apart. Sockets and processes are made inside by entering the
namespace for the moment of their making; the case itself has one thread."""
import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)

SIDES = {"caller": 1, "callee": 2}


def address(net, host, v6):
    """net: 1 (caller's side) or 2 (callee's side)."""
    return f"fd00:{net}::{host}" if v6 else f"10.{net}.0.{host}"


def ip_batch(lines, ns=None):
    cmd = ["ip"] + (["-n", ns] if ns else []) + ["-batch", "-"]
    r = subprocess.run(cmd, input="\n".join(lines) + "\n", text=True, capture_output=True)
    if r.returncode:
        raise OSError(f"{' '.join(cmd)}: {r.stderr.strip()}")


class Network:
    def __init__(self, prefix):
        self.name = {who: f"{prefix}-{who}" for who in ("caller", "limen", "callee")}
        self.fd = {}

    def create(self):
        ip_batch([f"netns add {n}" for n in self.name.values()])
        limen = []
        for side, net in SIDES.items():
            dev = f"to-{side}"
            limen += [f"link add name {dev} type veth peer name eth0 netns {self.name[side]}",
                      f"addr add 10.{net}.0.1/24 brd + dev {dev}", f"addr add fd00:{net}::1/64 dev {dev} nodad",
                      f"link set {dev} up"]
        ip_batch(["link set lo up"] + limen, self.name["limen"])
        for side, net in SIDES.items():
            far = ["link set lo up", "link set eth0 up"]
            for host in (2, 3, 4):
                far += [f"addr add 10.{net}.0.{host}/24 dev eth0", f"addr add fd00:{net}::{host}/64 dev eth0 nodad"]
            ip_batch(far, self.name[side])
        for who in self.name:
            self.open(who)

    def open(self, who):
        self.fd[who] = os.open(f"/run/netns/{self.name[who]}", os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def inside(self, who):
        """Within: sockets opened and processes started belong to that namespace."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(self.fd[who], CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            yield
        finally:
            libc.setns(home, CLONE_NEWNET)
            os.close(home)

    def destroy(self):
        for fd in self.fd.values():
            os.close(fd)
        self.fd = {}
        for n in self.name.values():
            if os.path.exists(f"/run/netns/{n}"):
                subprocess.run(["ip", "netns", "del", n], capture_output=True)


def remove_all(prefix):
    """What a run that was killed has left."""
    try:
        names = os.listdir("/run/netns")
    except FileNotFoundError:
        return
    for n in names:
        if n.startswith(prefix):
            subprocess.run(["ip", "netns", "del", n], capture_output=True)


def usable():
    """None, or why namespaces cannot be made here."""
    if os.geteuid() != 0:
        return "not root"
    name = f"limen-probe-{os.getpid()}"
    try:
        ip_batch([f"netns add {name}"])
        ip_batch(["link add name v0 type veth peer name v1"], name)
    except OSError as e:
        return f"no network namespaces ({e})"
    finally:
        remove_all(name)
    return None
