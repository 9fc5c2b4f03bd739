# SPDX-License-Identifier: Apache-2.0
"""scene: the demo's network with Limen between a phone, a carrier and Kamailio as the PBX; what a call must have been; what
must be left at the end."""
import json
import os
import re
import signal
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "demo"))

import lib_audio  # noqa: E402
import lib_check  # noqa: E402
from lib_net import Failed, Net, run, wait_for  # noqa: E402
from lib_party import Sipp  # noqa: E402
from lib_pbx import Kamailio  # noqa: E402

EXAMPLE = os.path.join(ROOT, "config", "examples", "access-edge.json")
MANAGE = 8080
PHONE_HZ, CARRIER_HZ = 450, 950
TALK_S = 1.2
CARRIER_HOST, PBX_HOST = "gw.carrier-net.example", "pbx.inside.example"
CARRIER_NUMBER = "+4989123456"

# side -> device that is captured, the party's address, Limen's as the party knows it, names that never cross
SIDES = {
    "phone": ("lan", "192.168.1.77", "198.51.100.10",
              {"192.168.1.77": "address", "198.51.100.77": "address", "192.168.7.2": "Limen's address",
               "198.51.100.10": "Limen's address"}),
    "pbx": ("core", "10.0.0.5", "10.0.0.2", {PBX_HOST: "host", "10.0.0.5": "address", "10.0.0.2": "Limen's address"}),
    "carrier": ("trunk", "192.0.2.1", "203.0.113.10",
                {CARRIER_HOST: "host", "192.0.2.1": "address", "203.0.113.10": "Limen's address", "172.29.8.8": "address",
                 "desk-carl": "user"}),
}
# The same where a side speaks IPv6: the party's address, Limen's. The phone's routers route, they do not translate.
SIDES_V6 = {"phone": ("2001:db8:1::77", "2001:db8:7::2"), "pbx": ("fd00::5", "fd00::2")}
ADDRESSES_V6 = [
    ("phone", "lan", "2001:db8:1::77/64"), ("home", "lan", "2001:db8:1::1/64"), ("home", "wan", "2001:db8:64::77/64"),
    ("edge", "wan", "2001:db8:64::10/64"), ("edge", "lan", "2001:db8:7::1/64"), ("limen", "access", "2001:db8:7::2/64"),
    ("limen", "core", "fd00::2/64"), ("pbx", "core", "fd00::5/64"),
]
ROUTES_V6 = [
    ("phone", "default via 2001:db8:1::1"), ("home", "2001:db8:7::/64 via 2001:db8:64::10"), ("edge", "2001:db8:1::/64 via 2001:db8:64::77"),
    ("limen", "2001:db8:1::/64 via 2001:db8:7::1"),
]


def networks_v6(config, sides):
    """Limen speaks IPv6 there: to phones besides IPv4, to the PBX alone."""
    access, core = config["networks"]["access"], config["networks"]["core"]
    if "phone" in sides:
        access["listen"].append("udp:[2001:db8:7::2]:5060")
        access["media"]["address"] = [access["media"]["address"], "2001:db8:7::2"]
    if "pbx" in sides:
        core["listen"], core["media"]["address"] = "udp:[fd00::2]:5060", "fd00::2"
        config["peers"]["pbx"]["targets"] = "[fd00::5]"


def slipping(samples, hz):
    """As strength(), for what went through a jitter buffer: where that slips, the tone goes on in another phase. The median of
    tenths of a second."""
    tenth = lib_audio.RATE // 10
    shares = sorted(lib_audio.strength(samples[at:at + tenth], hz) for at in range(0, len(samples) - tenth + 1, tenth))
    return shares[len(shares) // 2] if shares else 0.0


class Call:
    """A call, or a part of one. hears: side -> the tone in Hz that reaches it; 0: silence. recorded: side -> what the party itself
    says that it heard."""

    def __init__(self, words, hears):
        self.words, self.hears, self.begin, self.end, self.recorded = words, hears, time.time(), 0.0, {}


class Scene:
    """user: the phone's extension and account. v6: sides that speak IPv6. change(config, scene): what else differs from the
    example. The rest is what the PBX does, as lib_pbx.py has it."""
    more = ((), (), ())
    sides = SIDES
    common = frozenset()  # what every side may know
    hears = {"phone": CARRIER_HZ, "carrier": PHONE_HZ}

    def __init__(self, folder, prefix, limen, user, v6=(), change=None, **pbx):
        self.folder, self.binary, self.user = folder, limen, user
        self.v6, self.change, self.pbx = v6, change, pbx
        self.accounts = {user: "secret-of-" + user}
        self.password = self.accounts[user]
        self.net = Net(folder, prefix, self.more)
        self.calls, self.captures, self.limen, self.starts = [], {}, None, 0
        for side in v6:
            device, _, _, known = self.sides[side]
            party, ours = SIDES_V6[side]
            self.sides = {**self.sides, side: (device, party, ours, {**known, party: "address", ours: "Limen's address"})}

    # ---- start

    def configuration(self):
        """The example as it stands; its name, which nobody serves here, and what only a test wants are changed."""
        with open(EXAMPLE, encoding="utf-8") as f:
            config = json.loads(re.sub(r"^\s*//.*$", "", f.read(), flags=re.M))
        config["peers"]["carrier-a"]["targets"] = ["192.0.2.1"]
        config["cdr"] = {"file": os.path.join(self.folder, "cdr.jsonl")}
        config["manage"] = {"listen": "127.0.0.1:%d" % MANAGE}
        config["log"] = {"level": "debug"}
        networks_v6(config, self.v6)
        if self.change:
            self.change(config, self)
        path = os.path.join(self.folder, "limen.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(config, f, indent=1)
        return path

    def start_limen(self):
        self.starts += 1
        self.limen = self.net.start("limen", "limen-%d" % self.starts, self.binary, "run", self.configuration())
        wait_for(lambda: self.limen.poll() is not None or self.net.http("limen", MANAGE, "/readyz")[0] == 200, 10, "Limen")
        if self.limen.poll() is not None:
            raise Failed("limen did not start")

    def route_v6(self):
        for ns, device, address in ADDRESSES_V6:
            run("ip", "-n", self.net.name(ns), "addr", "add", address, "dev", device, "nodad")
        for ns in ("home", "edge"):
            run("ip", "netns", "exec", self.net.name(ns), "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for ns, route in ROUTES_V6:
            run("ip", "-n", self.net.name(ns), "route", "add", *route.split())

    def set_up(self):
        self.net.build()
        if self.v6:
            self.route_v6()
        self.start_limen()
        pbx, limen = (SIDES_V6["pbx"] if "pbx" in self.v6 else SIDES["pbx"][1:3])
        brackets = "[%s]" if ":" in pbx else "%s"
        Kamailio(self.net, "pbx", brackets % pbx, brackets % limen + ":5060", self.accounts, PBX_HOST, **self.pbx)
        self.captures = {name: self.net.capture(name, side[0]) for name, side in self.sides.items()}

    # ---- what Limen knows

    def metric(self, name):
        """The sum over its labels."""
        text = self.net.http("limen", MANAGE, "/metrics")[1]
        values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(re.escape(name) + r"[{ ]", line)]
        if not values:
            raise Failed("no metric " + name)
        return sum(values)

    def registered(self, n):
        wait_for(lambda: self.metric("limen_registrations") == n, 8, "%d registrations at Limen" % n)

    # ---- calls

    def carrier_answers(self, ends):
        sipp = Sipp(self.net, "carrier", "192.0.2.1", "callee", CARRIER_HZ, 5060, {"inside_host": CARRIER_HOST}, ends, talk_s=TALK_S)
        self.bound("carrier", sipp)
        return sipp

    def carrier_calls(self, ends, number=None):
        return Sipp(self.net, "carrier", "192.0.2.1", "caller", CARRIER_HZ, 5070,
                    {"inside_host": CARRIER_HOST, "caller": CARRIER_NUMBER, "dialled": number or "+4930100" + self.user, "desk": "desk-carl",
                     "desk_ip": "172.29.8.8"}, ends, "203.0.113.10:5060", talk_s=TALK_S)

    def bound(self, ns, sipp, port=5060):
        """Until SIPp has its port: what comes before is lost."""
        def there():
            if sipp.process.poll() is not None:
                raise Failed("SIPp ended: " + (sipp.finish() or ""))
            with open("/proc/%d/net/udp" % sipp.process.pid, encoding="ascii") as f:
                return any(line.split()[1].endswith(":%04X" % port) for line in f.readlines()[1:])
        wait_for(there, 5, "SIPp in " + ns)

    def begin(self, words, hears=None):
        self.calls.append(Call(words, hears or self.hears))

    def end(self, recorded=None):
        self.calls[-1].end = time.time()
        self.calls[-1].recorded = recorded or {}

    def over(self, recorded=None):
        """Both ends say that it is over: Limen has nothing left of it."""
        wait_for(lambda: self.metric("limen_calls") == 0, 8, "the end of the call at Limen")
        self.end(recorded)

    def all_calls(self, phone):
        """Out and in, each hung up by each side."""
        for phone_ends in (True, False):
            self.call_out(phone, phone_ends)
            self.call_in(phone, phone_ends)

    def call_out(self, phone, phone_ends):
        self.begin("out, %s hangs up" % ("phone" if phone_ends else "carrier"))
        phone.forget()
        carrier = self.carrier_answers(not phone_ends)
        phone.dial(CARRIER_NUMBER)
        self.one_call(phone, carrier, phone_ends)

    def call_in(self, phone, phone_ends):
        self.begin("in, %s hangs up" % ("phone" if phone_ends else "carrier"))
        phone.forget()
        self.one_call(phone, self.carrier_calls(not phone_ends), phone_ends)

    def one_call(self, phone, carrier, phone_ends):
        phone.wait_call()
        if phone_ends:
            time.sleep(TALK_S)
            phone.hang_up()
        phone.wait_end()
        fault = carrier.finish()
        if fault:
            raise Failed("carrier: " + fault)
        self.over({"phone": heard} if (heard := phone.heard()) is not None else None)

    def refused(self, status):
        """The carrier calls, and gets this status."""
        why = self.carrier_calls(True).finish()
        if not why or "SIP/2.0 %d" % status not in why:
            raise Failed("the carrier should hear %d: %s" % (status, why or "the call was answered"))

    # ---- the end

    def finish(self, records, registrations=0):
        """records: of answered calls, that there must be, all of them healthy. registrations: those that are left."""
        wanted = {"limen_calls": 0, "limen_media_ports_used": 0, "limen_leaks_total": 0, "limen_registrations": registrations}
        left = ["%s is %g" % (n, v) for n, want in wanted.items() if (v := self.metric(n)) != want]
        time.sleep(0.2)  # dumpcap writes in blocks
        for p in self.captures.values():
            self.net.stop(p)
        if self.net.stop(self.limen, signal.SIGTERM, 10) != 0:
            left.append("limen ended with %d" % self.limen.returncode)
        with open(os.path.join(self.folder, "cdr.jsonl"), encoding="utf-8") as f:
            answered = [r for r in map(json.loads, f) if r["talk_ms"]]
        if len(answered) != records:
            left.append("%d records of answered calls, not %d" % (len(answered), records))
        left += ["verdict %s: %s" % (way, words) for r in answered for way, words in r["verdict"].items() if words]
        left += self.judge()
        for n in range(1, self.starts + 1):
            with open(os.path.join(self.folder, "limen-%d.log" % n), encoding="utf-8", errors="replace") as f:
                left += [line.strip() for line in f if re.search(r"level=error|runtime error|Sanitizer| ERROR ", line)]
        if left:
            raise Failed("; ".join(left))

    def judge(self):
        sides = {name: lib_check.Side(name, os.path.join(self.folder, name + ".pcap"), party, limen, known)
                 for name, (_, party, limen, known) in self.sides.items()}
        for side in sides.values():
            side.own |= self.common
        faults = []
        for call in self.calls:
            for name, hz in call.hears.items():
                faults += self.not_heard(call, name, sides[name].heard(call.begin, call.end), hz)
            for name, samples in call.recorded.items():
                faults += self.not_heard(call, name + "'s recording", samples, call.hears[name], slipping)
        seen = {(seer, owner, what, text) for _, seer, owner, what, text in lib_check.leaks(list(sides.values()))}
        return faults + ['%s saw %s of %s: "%s"' % (seer, what, owner, text) for seer, owner, what, text in sorted(seen)]

    def not_heard(self, call, who, samples, hz, measure=lib_audio.strength):
        seconds = len(samples) / lib_audio.RATE
        if not hz:
            return ["%s: %s: %.1f s of audio" % (call.words, who, seconds)] if samples else []
        share = measure(samples[len(samples) // 4:len(samples) * 3 // 4], hz)
        if share >= 0.9 and seconds >= 0.7 * TALK_S:
            return []
        return ["%s: %s: %.1f s, %.0f %% of it %d Hz" % (call.words, who, seconds, 100 * share, hz)]
