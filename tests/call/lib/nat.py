# SPDX-License-Identifier: Apache-2.0
"""nat: a home behind the caller's address: a namespace whose packets leave through a masquerading NAT with random ports.

    home 192.168.9.2..4  fd99::2..4 --- lan 192.168.9.1 fd99::1  caller (NAT) 10.1.0.2 --- limen

The NAT forgets a UDP binding TIMEOUT seconds after its last packet."""
import json
import shutil
import subprocess

from .endpoint import Endpoint, Fail
from .netns import ip_batch

TIMEOUT = 2
FORGOTTEN = TIMEOUT + 1.2  # the kernel counts whole seconds
RULES = """table inet nat {
 chain out {
  type nat hook postrouting priority srcnat; policy accept;
  oifname eth0 masquerade random
 }
}
"""


def missing():
    """None, or why there can be no NAT here."""
    return None if shutil.which("nft") else "nftables is not installed"


def set_each(network, who, *values):
    with network.inside(who):
        for key, value in values:
            with open("/proc/sys/net/" + key, "w") as f:
                f.write(str(value))


def create(t):
    """The home's namespace and the NAT in front of it."""
    n = t.network
    n.name["home"] = n.name["caller"].replace("caller", "home")
    caller = n.name["caller"]
    ip_batch([f"netns add {n.name['home']}"])
    n.open("home")
    for who in ("caller", "home"):
        set_each(n, who, ("ipv6/conf/default/accept_dad", 0))  # a router asks for its neighbours by its link-local address
    ip_batch([f"link add name lan type veth peer name eth0 netns {n.name['home']}", "addr add 192.168.9.1/24 dev lan",
              "addr add fd99::1/64 dev lan nodad", "link set lan up"], caller)
    ip_batch(["link set lo up", "link set eth0 up"] +
             [f"addr add {a} dev eth0" for h in (2, 3, 4) for a in (f"192.168.9.{h}/24", f"fd99::{h}/64 nodad")] +
             ["route add default via 192.168.9.1", "route add default via fd99::1"], n.name["home"])
    r = subprocess.run(["ip", "netns", "exec", caller, "nft", "-f", "-"], input=RULES, text=True, capture_output=True)
    if r.returncode:
        raise OSError("nft: " + r.stderr.strip())
    set_each(n, "caller", ("ipv4/ip_forward", 1), ("ipv6/conf/all/forwarding", 1),
             ("netfilter/nf_conntrack_udp_timeout", TIMEOUT), ("netfilter/nf_conntrack_udp_timeout_stream", TIMEOUT))


def host(t, n=2):
    return f"fd99::{n}" if t.v6 else f"192.168.9.{n}"


def endpoint(t, n=2, port=5060, name="caller.home"):
    return Endpoint(t, "home", host(t, n), port, t.limen_at("caller"), name)


def port_of(t, user):
    """The NAT's port of that phone, as Limen has it."""
    bindings = json.loads(t.limen.command("reg", "list", "--json"))["bindings"]
    found = [b["remote"] for b in bindings if b["aor"].startswith(user + "@")]
    if len(found) != 1:
        raise Fail(f"{user} has registered {len(found)} times")
    return int(found[0].rsplit(":", 1)[1])
