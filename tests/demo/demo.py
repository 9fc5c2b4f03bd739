#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""demo: a phone behind two NATs, Limen, a carrier and a PBX, each in a network namespace of its own; real calls between
them with a tone from each end; then what the captures say about audio and hiding, as a table. Exit code 0 only when all
is well. Usage: demo.py LIMEN [--keep] (as root; --keep leaves captures and logs in their folder)."""
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time

import lib_audio
import lib_check
from lib_net import Failed, Net, wait_for
from lib_party import TALK_S, Baresip, Sipp
from lib_pbx import REALM, Kamailio

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(ROOT, "config", "examples", "access-edge.json")
MANAGE = 8080
HZ = {"phone": 440, "pbx": 620, "carrier": 880}
ACCOUNTS = {"201": "kitchen-door", "1000": "front-desk"}
SPEECH = "/usr/share/sip-tester/g711a.pcap"  # SIPp's own
PBX_HOST, CARRIER_HOST = "pbx.inside.example", "gw.carrier-net.example"

# name of a side -> device that is captured, its party, Limen as that party knows it, names that never cross
SIDES = {
    "phone": ("lan", "192.168.1.77", "198.51.100.10",
              {"192.168.1.77": "address", "198.51.100.77": "address", "192.168.7.2": "Limen's address", "198.51.100.10": "Limen's address"}),
    "pbx": ("core", "10.0.0.5", "10.0.0.2", {PBX_HOST: "host", "10.0.0.5": "address", "10.0.0.2": "Limen's address",
                                             "10.99.7.7": "address", "desk-dora": "user"}),
    "carrier": ("trunk", "192.0.2.1", "203.0.113.10", {CARRIER_HOST: "host", "192.0.2.1": "address", "203.0.113.10": "Limen's address",
                                                     "172.29.8.8": "address", "desk-carl": "user"}),
}


class Call:
    def __init__(self, number, a, b, ender, talk_s=TALK_S):
        self.number, self.a, self.b, self.ender, self.talk_s = number, a, b, ender, talk_s
        self.begin = self.end = 0.0
        self.fault = None
        self.speech = None  # path of the capture of RTP that a plays instead of its tone
        self.recorded = {}  # party -> samples as baresip decoded them


def configuration(folder):
    """The example as it stands, with a place for records and management; its second target is a name that nobody serves
    here."""
    with open(EXAMPLE, encoding="utf-8") as f:
        config = json.loads(re.sub(r"^\s*//.*$", "", f.read(), flags=re.M))
    config["peers"]["carrier-a"]["targets"] = ["192.0.2.1"]
    config["cdr"] = {"file": os.path.join(folder, "cdr.jsonl")}
    config["manage"] = {"listen": "127.0.0.1:%d" % MANAGE}
    path = os.path.join(folder, "limen.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1)
    return path


def gauge(net, name):
    """The sum of a metric over its labels."""
    text = net.http("limen", MANAGE, "/metrics")[1]
    values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(name + r"[{ ]", line)]
    if not values:
        raise Failed("no metric " + name)
    return sum(values)


def phone_calls_pbx(call, net, phone, pbx):
    phone.forget()
    pbx.forget()
    phone.tell("dial", "sip:1000@" + REALM)
    phone.wait_call()
    pbx.wait_call()
    time.sleep(call.talk_s)
    (phone if call.ender == "phone" else pbx).tell("hangup")
    phone.wait_end()
    pbx.wait_end()
    time.sleep(0.2)
    call.recorded = {"phone": phone.heard(), "pbx": pbx.heard()}


def pbx_calls_carrier(call, net, phone, pbx):
    answering = Sipp(net, "carrier", "192.0.2.1", "callee", HZ["carrier"], 5060, {"inside_host": CARRIER_HOST}, ends=False)
    time.sleep(0.5)
    calling = Sipp(net, "pbx", "10.0.0.5", "caller", HZ["pbx"], 5070,  # another port: baresip has 5060
                   {"inside_host": PBX_HOST, "caller": "+49301000", "dialled": "+4989123456", "desk": "desk-dora", "desk_ip": "10.99.7.7"}, True, "10.0.0.2:5060", call.speech)
    call.fault = calling.finish() or answering.finish()


def pbx_speaks_to_carrier(call, net, phone, pbx):
    call.speech = SPEECH
    pbx_calls_carrier(call, net, phone, pbx)


def carrier_calls(call, net, number, called):
    called.forget()
    calling = Sipp(net, "carrier", "192.0.2.1", "caller", HZ["carrier"], 5070,
                   {"inside_host": CARRIER_HOST, "caller": "+4989123456", "dialled": number, "desk": "desk-carl", "desk_ip": "172.29.8.8"}, True, "203.0.113.10:5060")
    call.fault = calling.finish()
    called.wait_end()
    time.sleep(0.2)
    call.recorded = {call.b: called.heard()}


def carrier_calls_pbx(call, net, phone, pbx):
    carrier_calls(call, net, "+49301001000", pbx)


def carrier_calls_phone(call, net, phone, pbx):
    """The PBX, which is the registrar, finds the phone by the contact that Limen gave it."""
    carrier_calls(call, net, "+4930100201", phone)


CALLS = [
    (Call(1, "phone", "pbx", "phone"), phone_calls_pbx),
    # Long enough for sender reports, which come every 5 s or so and name their sender (RFC 3550 §6.2, §6.5.1).
    (Call(2, "phone", "pbx", "pbx", 8.0), phone_calls_pbx),
    (Call(3, "pbx", "carrier", "pbx"), pbx_calls_carrier),
    (Call(4, "carrier", "pbx", "carrier"), carrier_calls_pbx),
    (Call(5, "pbx", "carrier", "pbx"), pbx_speaks_to_carrier),
    (Call(6, "carrier", "phone", "carrier"), carrier_calls_phone),
]


def account(user, proxy):
    return '<sip:%s@%s>;auth_user=%s;auth_pass=%s;regint=60;outbound="sip:%s"' % (user, REALM, user, ACCOUNTS[user], proxy)


def place_calls(net):
    Kamailio(net, "pbx", "10.0.0.5", "10.0.0.2:5060", ACCOUNTS, PBX_HOST)
    # The PBX's own phone registers at it straight; the other one does by way of Limen.
    pbx = Baresip(net, "pbx", "core", "10.0.0.5", HZ["pbx"], [account("1000", "10.0.0.5:5060")], port=5080)
    phone = Baresip(net, "phone", "lan", "192.168.1.77", HZ["phone"], [account("201", "198.51.100.10")])
    for party in (pbx, phone):
        party.wait_registered()
    print("  registered at the PBX: 1000 straight, 201 through Limen (%g there), from behind the NAT, by digest\n"
          % gauge(net, "limen_registrations"))
    for call, place in CALLS:
        call.begin = time.time()
        try:
            place(call, net, phone, pbx)
        except Failed as e:
            call.fault = str(e)
            phone.tell("hangup")
            pbx.tell("hangup")
        try:
            wait_for(lambda: gauge(net, "limen_calls") == 0, 5, "Limen has no call left")
        except Failed as e:
            call.fault = call.fault or str(e)
        call.end = time.time()


def tones(samples):
    """[(name of a party, share of its tone)] of all tones that are there, the strongest first."""
    middle = samples[len(samples) // 4:len(samples) * 3 // 4]
    found = [(strength, name) for name, hz in HZ.items() if (strength := lib_audio.strength(middle, hz)) > 0.02]
    return [(name, share) for share, name in sorted(found, reverse=True)]


def speech(call, listener, sides):
    """As audio(), of a capture that was played: what came is what was sent, byte for byte, from its beginning on."""
    sent = [p.payload[12:] for p in lib_check.read_pcap(call.speech)]
    came = sides[listener].payloads(call.begin, call.end)
    same = len(came) >= 20 * TALK_S and came == sent[:len(came)]
    return same, "speech, %d packets %s" % (len(came), "the same" if same else "NOT as sent")


def audio(call, source, listener, sides):
    """What listener heard of source: (well, words)."""
    if call.speech and source == call.a:
        return speech(call, listener, sides)
    heard = sides[listener].heard(call.begin, call.end)
    ways = [("RTP", heard)] + ([("recorded", call.recorded[listener])] if listener in call.recorded else [])
    words, well = [], True
    for way, samples in ways:
        found = tones(samples)
        good = [name for name, _ in found] == [source] and found[0][1] > 0.9 and len(samples) > TALK_S * 0.8 * lib_audio.RATE
        well = well and good
        if not good:
            words.append("%s: %.1f s, %s" % (way, len(samples) / lib_audio.RATE,
                                             ", ".join("%d Hz %.0f %%" % (HZ[n], 100 * s) for n, s in found) or "no tone"))
    return well, "; ".join(words) or "%d Hz %.0f %%, %.1f s" % (HZ[source], 100 * tones(heard)[0][1], len(heard) / lib_audio.RATE)


def show(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for n, row in enumerate(rows):
        print("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip())
        if n == 0:
            print("  " + "  ".join("-" * w for w in widths))


def judge(folder):
    """Prints the table; true when all is well."""
    sides = {name: lib_check.Side(name, os.path.join(folder, name + ".pcap"), party, limen, known)
             for name, (_, party, limen, known) in SIDES.items()}
    found = lib_check.leaks(list(sides.values()))
    rows, all_well = [("call", "from", "to", "hung up by", "status", "audio from -> to", "audio to -> from", "hidden")], True
    told = set()
    for call, _ in CALLS:
        there, back = audio(call, call.a, call.b, sides), audio(call, call.b, call.a, sides)
        mine = [f for f in found if f[0] is not None and call.begin <= f[0] <= call.end]
        all_well = all_well and there[0] and back[0] and not call.fault and not mine
        told.update(f[1:] for f in mine)
        rows.append((str(call.number), call.a, call.b, call.ender, "failed" if call.fault else "ok", there[1], back[1],
                     "no: " + ", ".join(sorted({f[3] for f in mine})) if mine else "yes"))
    show(rows)
    for call, _ in CALLS:
        if call.fault:
            print("  call %d: %s" % (call.number, call.fault))
    told.update(f[1:] for f in found if f[0] is None)
    for seer, owner, what, text in sorted(told):
        print('  seen on the side of %s: %s of %s, "%s"' % (seer, what, owner, text))
    print("\n  %d secrets of %d sides looked for in %d packets" % (sum(len(s.secrets) for s in sides.values()), len(sides),
                                                               sum(len(s.to_party()) for s in sides.values())))
    show_ladder(CALLS[1][0], sides, folder)
    return all_well and not told


def show_ladder(call, sides, folder):
    names = [call.a, call.b]
    rows = lib_check.ladder([(sides[n], os.path.join(folder, n + ".pcap")) for n in names], call.begin, call.end)
    print("\n  call %d:  %-31s %-33s %s" % (call.number, call.a, "limen", call.b))
    for at, place, from_party, text in rows:
        right = from_party == (place == 0)
        arrow = ("|--- %-24s -->|" if right else "|<-- %-24s ---|") % text
        print("  %6.3f s  %s" % (at - rows[0][0], arrow + " " * 33 + "|" if place == 0 else "|" + " " * 33 + arrow))


def gauges(net):
    """What must be 0 when all calls are over, and is not."""
    return ["%s is %g" % (name, value) for name in ("limen_calls", "limen_media_ports_used", "limen_leaks_total")
            if (value := gauge(net, name))]


def records(folder):
    """What is wrong with the call records; Limen has written them all once it has ended."""
    with open(os.path.join(folder, "cdr.jsonl"), encoding="utf-8") as f:
        found = [json.loads(line) for line in f]
    found = [r for r in found if r["talk_ms"]]  # a challenged INVITE is a call that was not answered
    wanted = sum(2 if {call.a, call.b} == {"phone", "carrier"} else 1 for call, _ in CALLS)
    faults = [] if len(found) == wanted else ["%d records of answered calls, not %d" % (len(found), wanted)]
    return faults + ["verdict %s: %s" % (way, words) for r in found for way, words in r["verdict"].items() if words]


def demonstrate(net, folder, binary):
    """All of it; true when all is well."""
    started = time.monotonic()
    net.build()
    limen = net.start("limen", "limen", binary, "run", configuration(folder))
    wait_for(lambda: limen.poll() is not None or net.http("limen", MANAGE, "/readyz")[0] == 200, 10, "Limen")
    if limen.poll() is not None:
        raise Failed("limen did not start")
    captures = [net.capture(name, SIDES[name][0]) for name in SIDES]
    place_calls(net)
    faults = gauges(net)
    time.sleep(0.3)  # dumpcap writes in blocks
    for p in captures:
        net.stop(p)
    if net.stop(limen, signal.SIGTERM, 10) != 0:
        faults.append("limen ended with %d" % limen.returncode)
    faults += records(folder)
    well = judge(folder) and not faults
    for fault in faults:
        print("  " + fault)
    print("\n  %s, in %.0f s" % ("all is well" if well else "NOT well", time.monotonic() - started))
    return well


def show_log(folder):
    try:
        with open(os.path.join(folder, "limen.log"), encoding="utf-8", errors="replace") as f:
            print("  the end of Limen's log:\n    " + "    ".join(f.readlines()[-15:]))
    except FileNotFoundError:
        pass


def main():
    binary = os.path.abspath([a for a in sys.argv[1:] if not a.startswith("--")][0])
    if os.geteuid() != 0:
        raise SystemExit("demo: namespaces need root: sudo ./dev demo")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda *_: sys.exit(1))
    folder = tempfile.mkdtemp(prefix="limen-demo-")
    os.chmod(folder, 0o755)
    net = Net(folder)
    try:
        well = demonstrate(net, folder, binary)
        if not well:
            show_log(folder)
        return 0 if well else 1
    except Failed as e:
        print("demo: %s" % e, file=sys.stderr)
        show_log(folder)
        return 1
    except KeyboardInterrupt:
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        net.close()
        if "--keep" in sys.argv:
            print("  captures and logs: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
