# SPDX-License-Identifier: Apache-2.0
"""Network namespaces of one bench run: callers -- systems under test -- callees.

The names carry this process' id, and what an ended run left behind is removed at the next start."""
import ctypes
import os
import socket
import subprocess

PREFIX = "limen-bench-"
NEAR, MIDDLE, FAR = (PREFIX + "%d-%s" % (os.getpid(), s) for s in ("near", "middle", "far"))
CALLER_IP, CALLEE_IP = "10.91.1.1", "10.91.2.1"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_next_host = 2


def _ip(*words):
    subprocess.run(("ip",) + words, check=True)


def _names():
    text = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in text.splitlines() if line.startswith(PREFIX)]


def _remove_stale():
    for name in _names():
        pid = name[len(PREFIX):].split("-")[0]
        if not os.path.exists("/proc/" + pid):
            _ip("netns", "del", name)


def create():
    _remove_stale()
    for name in (NEAR, MIDDLE, FAR):
        _ip("netns", "add", name)
        _ip("-n", name, "link", "set", "lo", "up")
        # ports that the kernel hands out stay clear of the relays'
        run(name, "sysctl", "-qw", "net.ipv4.ip_local_port_range=61000 65000")
    for inner, outer, ns, net in (("to-near", "to-middle", NEAR, 1), ("to-far", "to-middle", FAR, 2)):
        _ip("-n", MIDDLE, "link", "add", inner, "type", "veth", "peer", "name", outer, "netns", ns)
        _ip("-n", ns, "addr", "add", "10.91.%d.1/24" % net, "dev", outer)
        _ip("-n", MIDDLE, "link", "set", inner, "up", "txqueuelen", "10000")
        _ip("-n", ns, "link", "set", outer, "up", "txqueuelen", "10000")


def destroy():
    for name in _names():
        if name in (NEAR, MIDDLE, FAR):
            _ip("netns", "del", name)


def new_addresses():
    """A pair of addresses of the middle for one more system: towards the callers, towards the callees."""
    global _next_host
    host, _next_host = _next_host, _next_host + 1
    for net, dev in ((1, "to-near"), (2, "to-far")):
        _ip("-n", MIDDLE, "addr", "add", "10.91.%d.%d/24" % (net, host), "dev", dev)
    return "10.91.1.%d" % host, "10.91.2.%d" % host


def command(ns, argv):
    # `ip netns exec` execs: the process is the command itself
    return ["ip", "netns", "exec", ns] + list(argv)


def run(ns, *argv):
    return subprocess.run(command(ns, argv), check=True, capture_output=True, text=True).stdout


def socket_in(ns, kind=socket.SOCK_DGRAM):
    """An IPv4 socket of another namespace."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open("/run/netns/" + ns, os.O_RDONLY)
    try:
        if _libc.setns(other, CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), "setns " + ns)
        try:
            return socket.socket(socket.AF_INET, kind)
        finally:
            _libc.setns(own, CLONE_NEWNET)
    finally:
        os.close(own)
        os.close(other)


def udp_receive_drops(ns):
    """Datagrams that found a full receive buffer, ever."""
    rows = [line.split() for line in run(ns, "cat", "/proc/net/snmp").splitlines() if line.startswith("Udp:")]
    return int(dict(zip(rows[0][1:], rows[1][1:]))["RcvbufErrors"])
