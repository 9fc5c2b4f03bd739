# SPDX-License-Identifier: Apache-2.0
"""cases: which client does what."""
from . import phones
from .scene import Scene


class Case:
    """needs: program or file -> the package that has it."""

    def __init__(self, title, user, needs, run):
        self.title, self.user, self.needs, self.run = title, user, needs, run


def scene_of(case, folder, prefix, limen):
    return Scene(folder, prefix, limen, case.user)


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


CASES = {
    "baresip-udp": Case("baresip over UDP", "201", {"baresip": "baresip-core"}, whole(phones.Baresip)),
    "baresip-tcp": Case("baresip over TCP", "202", {"baresip": "baresip-core"}, whole(lambda s: phones.Baresip(s, "tcp"))),
    "linphone": Case("linphone-cli over UDP", "203", {"linphonec": "linphone-cli"}, whole(phones.Linphone)),
    "net-sip": Case("Net::SIP over UDP", "204", {"/usr/share/perl5/Net/SIP.pm": "libnet-sip-perl"}, whole(phones.NetSip)),
    "sipsak": Case("sipsak registers a phone over UDP", "205", {"sipsak": "sipsak"}, sipsak),
}
