# SPDX-License-Identifier: Apache-2.0
"""cases: which client does what."""
import hashlib
import os

from . import pair, phones
from .scene import Scene


class Case:
    """needs: program or file -> the package that has it."""

    def __init__(self, title, user, needs, run, scene=Scene, **more):
        self.title, self.user, self.needs, self.run, self.scene, self.more = title, user, needs, run, scene, more


def scene_of(case, folder, prefix, limen):
    return case.scene(folder, prefix, limen, case.user, **case.more)


def whole(make):
    """Registers, calls out and in with each side hanging up, unregisters, cannot be called any more."""
    def run(scene):
        phone = make(scene)
        phone.register()
        scene.registered(1)
        scene.all_calls(phone)
        phone.unregister()
        scene.registered(0)
        scene.refused(480)
        # each is a call through Limen to the PBX, and one from it
        scene.finish(records=8)
    return run


def sipsak(scene):
    """sipsak only registers; SIPp answers at the contact that it named, through the same hole in the NAT."""
    phones.sipsak(scene, 60)
    scene.registered(1)
    for phone_ends in (True, False):
        scene.call_in(phones.Answering(scene, phone_ends), phone_ends)
    phones.sipsak(scene, 0)
    scene.registered(0)
    scene.refused(480)
    scene.finish(records=4)


def login(algorithms):
    """As config/examples/login.json: Limen asks, by a file of users, and the PBX believes it."""
    def change(config, scene):
        log_in(config, scene, algorithms)
    return {"change": change, "challenge_register": False, "challenge_calls": False}


def log_in(config, scene, algorithms):
    config["networks"]["access"].update({"auth": "limen", "realm": phones.REALM})
    config["peers"]["pbx"]["auth"] = "none"
    config["accounts"] = {"file": os.path.join(scene.folder, "limen.users")}
    with open(config["accounts"]["file"], "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
        for user, password in scene.accounts.items():
            for name in algorithms:
                ha1 = hashlib.new(name.replace("-", ""), ("%s:%s:%s" % (user, phones.REALM, password)).encode()).hexdigest()
                f.write("%s:%s:%s:%s\n" % (user, phones.REALM, name, ha1))


BARESIP, LINPHONE = {"baresip": "baresip-core"}, {"linphonec": "linphone-cli"}

CASES = {
    "baresip-udp": Case("baresip over UDP", "201", BARESIP, whole(phones.Baresip)),
    "baresip-tcp": Case("baresip over TCP", "202", BARESIP, whole(lambda s: phones.Baresip(s, "tcp"))),
    "linphone": Case("linphone-cli over UDP", "203", LINPHONE, whole(phones.Linphone)),
    "net-sip": Case("Net::SIP over UDP", "204", {"/usr/share/perl5/Net/SIP.pm": "libnet-sip-perl"}, whole(phones.NetSip)),
    "baresip-v6": Case("baresip over IPv6, the PBX and the carrier over IPv4", "206", BARESIP, whole(phones.Baresip), v6=("phone",)),
    "linphone-v6": Case("linphone-cli over IPv6, the PBX and the carrier over IPv4", "207", LINPHONE, whole(phones.Linphone), v6=("phone",)),
    "pbx-v6": Case("baresip over IPv4, the PBX over IPv6", "208", BARESIP, whole(phones.Baresip), v6=("pbx",)),
    "no-record-route": Case("a PBX that records no route: what follows an INVITE goes from one leg of Limen to the other", "209", BARESIP,
                            whole(phones.Baresip), record_route=False),
    "baresip-login": Case("baresip logs in at Limen, by MD5: SHA-256 beside it stops it", "214", BARESIP, whole(phones.Baresip),
                          **login(["MD5"])),
    "linphone-login": Case("linphone-cli logs in at Limen, which offers SHA-256 and MD5", "215", LINPHONE, whole(phones.Linphone),
                           **login(["SHA-256", "MD5"])),
    "each-other": Case("two phones behind one NAT call, hold and resume each other", "211", BARESIP, pair.each_other, pair.Pair),
    "restart": Case("Limen is killed twice while two phones speak, and goes on", "212", BARESIP, pair.restart, pair.Pair, change=pair.with_store),
    "reset": Case("a phone's TCP connection is reset in mid-call, and it returns", "213", {**BARESIP, "ss": "iproute2"}, pair.reset, pair.Pair,
                  transport="tcp", change=pair.short),
    "sipsak": Case("sipsak registers a phone over UDP", "205", {"sipsak": "sipsak"}, sipsak),
}
