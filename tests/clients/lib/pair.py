# SPDX-License-Identifier: Apache-2.0
"""pair: two baresips in two rooms behind one NAT call each other by way of Limen and the PBX, and what may befall them."""
import os
import signal
import time

from .scene import PHONE_HZ, SIDES, TALK_S, Scene  # first: it says where the demo's parts are
from . import phones

import lib_party
from lib_net import Failed, run, wait_for
from lib_pbx import REALM

OTHER, OTHER_HZ, OTHER_ADDRESS = "210", 650, "192.168.2.77"
EDGE_KNOWS = "198.51.100.77"  # both phones, by their router


class Phone(lib_party.Baresip):
    def __init__(self, scene, ns, address, user, hz, transport="udp"):
        account = '<sip:%s@%s>;auth_user=%s;auth_pass=%s;regint=60;outbound="sip:%s;transport=%s"' % (
            user, REALM, user, scene.accounts[user], phones.EDGE, transport)
        super().__init__(scene.net, ns, "lan", address, hz, [account])
        self.user = user

    def changes(self):
        """How often the far side has described its media."""
        return len(self.heard_of("CALL_REMOTE_SDP"))


class Pair(Scene):
    """transport: of the first phone."""
    more = (("other",), [(("other", "lan", OTHER_ADDRESS + "/24"), ("home", "lan2", "192.168.2.1/24"))], [("other", "default via 192.168.2.1")])
    sides = {
        "phone": ("lan", "192.168.1.77", "198.51.100.10", {"192.168.1.77": "address"}),
        "other": ("lan", OTHER_ADDRESS, "198.51.100.10", {OTHER_ADDRESS: "address"}),
        "pbx": SIDES["pbx"],
    }
    hears = {"phone": OTHER_HZ, "other": PHONE_HZ}

    def __init__(self, folder, prefix, limen, user, transport="udp", **more):
        super().__init__(folder, prefix, limen, user, **more)
        self.accounts[OTHER] = "secret-of-" + OTHER
        self.transport = transport
        self.common = {"sip:%s@%s" % (user, REALM) for user in self.accounts}  # they dial each other

    def set_up(self):
        super().set_up()
        self.a = Phone(self, "phone", "192.168.1.77", self.user, PHONE_HZ, self.transport)
        self.b = Phone(self, "other", OTHER_ADDRESS, OTHER, OTHER_HZ)
        for phone in (self.a, self.b):
            phone.wait_registered()
        self.registered(2)

    def dial(self, caller, callee):
        for phone in (caller, callee):
            phone.forget()
        caller.tell("dial", "sip:%s@%s" % (callee.user, REALM))
        for phone in (caller, callee):
            phone.wait_call()

    def talk(self, words):
        """Until Limen has relayed as much as both say in this time, twice: on either side of the PBX."""
        self.begin(words)
        before = self.packets()
        wait_for(lambda: self.packets() >= before + TALK_S * 200, TALK_S + 6, words + ": audio")
        self.end()

    def hang_up(self, ender):
        ender.tell("hangup")
        for phone in (self.a, self.b):
            phone.wait_end()
        wait_for(lambda: self.metric("limen_calls") == 0, 8, "the end of the call at Limen")

    def packets(self):
        return self.metric("limen_media_packets_total")

    def hold(self, holder, held):
        """Neither hears anything then."""
        before = held.changes()
        holder.tell("hold")
        wait_for(lambda: held.changes() > before, 5, "the hold at " + held.ns)
        seen = [self.packets()]

        def silent():
            seen.append(self.packets())
            return seen[-1] == seen[-2]
        wait_for(silent, 5, "silence at Limen")
        self.begin("held by " + holder.ns, {"phone": 0, "other": 0})
        time.sleep(0.4)
        self.end()

    def resume(self, holder, held):
        before = held.changes()
        holder.tell("resume")
        wait_for(lambda: held.changes() > before, 5, "the resumption at " + held.ns)

    def kill_and_start(self):
        self.net.stop(self.limen, signal.SIGKILL)
        self.start_limen()

    def cut(self):
        """The connections of the phones' router to Limen are reset."""
        told = run("ip", "netns", "exec", self.net.name("limen"), "ss", "-HtnK", "dst", EDGE_KNOWS)
        if EDGE_KNOWS not in told:
            raise Failed("no connection was reset; this kernel may be without INET_DIAG_DESTROY")


def each_other(scene):
    """Each calls the other, puts it on hold and takes it up again; each hangs up once."""
    for caller, callee in ((scene.a, scene.b), (scene.b, scene.a)):
        scene.dial(caller, callee)
        scene.talk(caller.ns + " calls")
        scene.hold(caller, callee)
        scene.resume(caller, callee)
        scene.talk("taken up by " + caller.ns)
        scene.hold(callee, caller)
        scene.resume(callee, caller)
        scene.talk("taken up by " + callee.ns)
        scene.hang_up(callee)
    scene.finish(records=4, registrations=2)


def with_store(config, scene):
    config["store"] = {"file": os.path.join(scene.folder, "limen.db")}


def restart(scene):
    """Limen is killed while they speak, and a new one on the same store goes on; so do their registrations."""
    scene.dial(scene.a, scene.b)
    scene.talk("before")
    scene.kill_and_start()
    scene.talk("after kill -9")
    scene.hang_up(scene.b)
    scene.dial(scene.b, scene.a)
    scene.talk("called anew")
    scene.kill_and_start()
    scene.talk("after the second kill -9")
    scene.hang_up(scene.b)
    scene.finish(records=4, registrations=2)


def short(config, scene):
    """The phone notices that its connection is gone when it registers again."""
    config["registrations"].update({"expires_phone": 4, "expires_min": 1})


def reset(scene):
    """A phone's connection is reset in mid-call: the audio goes on, the phone returns, and hears of the end by its new one."""
    scene.dial(scene.a, scene.b)
    scene.talk("before")
    scene.cut()
    wait_for(lambda: scene.metric("limen_registrations_live") == 1, 5, "the end of the connection")
    scene.talk("without a connection")
    wait_for(lambda: scene.metric("limen_registrations_live") == 2, 10, "the phone's return")
    scene.talk("returned")
    scene.hang_up(scene.b)
    scene.dial(scene.b, scene.a)
    scene.talk("called where it is now")
    scene.hang_up(scene.a)
    scene.finish(records=4, registrations=2)
