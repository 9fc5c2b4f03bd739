# SPDX-License-Identifier: Apache-2.0
"""phones: each real client told what to do in the same words. They register at phones.example by way of Limen, answer every
call by themselves, and speak a tone of PHONE_HZ.

    dial(number) wait_call() hang_up() wait_end() heard() forget() register() unregister()"""
import os
import threading

from .scene import HERE, PHONE_HZ, TALK_S  # first: it says where the demo's parts are

import lib_audio
import lib_party
from lib_net import Failed, wait_for
from lib_pbx import REALM

ADDRESS, EDGE = "192.168.1.77", "198.51.100.10"
EDGE_V6 = "[2001:db8:7::2]"


def on(scene):
    """(the phone's address, Limen's) as they are written into a URI."""
    return ("[2001:db8:1::77]", EDGE_V6) if "phone" in scene.v6 else (ADDRESS, EDGE)


class Baresip(lib_party.Baresip):
    def __init__(self, scene, transport="udp"):
        address, edge = on(scene)
        account = '<sip:%s@%s>;auth_user=%s;auth_pass=%s;regint=60;outbound="sip:%s;transport=%s"' % (
            scene.user, REALM, scene.user, scene.password, edge, transport)
        super().__init__(scene.net, "phone", "lan", address, PHONE_HZ, [account])

    def register(self):
        self.wait_registered()

    def unregister(self):
        self.tell("quit")
        wait_for(lambda: self.process.poll() is not None, 8, "the end of baresip")

    def dial(self, number):
        self.tell("dial", "sip:%s@%s" % (number, REALM))

    def hang_up(self):
        self.tell("hangup")


class Talker:
    """A program that is told by lines on standard input and tells by lines on standard output."""

    def __init__(self, scene, label, words, **more):
        self.scene, self.label, self.lines = scene, label, []
        self.mark = 0
        self.process = scene.net.talk("phone", words, **more)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        with open(os.path.join(self.scene.folder, self.label + ".log"), "w", encoding="utf-8") as log:
            for line in self.process.stdout:
                log.write(line)
                log.flush()
                self.lines.append(line)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def forget(self):
        self.mark = len(self.lines)

    def wait_line(self, words, seconds=8):
        def there():
            if any(words in line for line in self.lines[self.mark:]):
                return True
            if self.process.poll() is not None:
                raise Failed("%s ended: %s" % (self.label, "".join(self.lines[-8:])))
            return False
        wait_for(there, seconds, '%s: "%s"' % (self.label, words))

    def heard(self):
        return None


RC = """\
[sip]
sip_port=5060
sip_tcp_port=-1
sip_tls_port=-1
default_proxy=0
guess_hostname=1
register_only_when_network_is_up=0
use_ipv6={v6}
keepalive_period=30000
verify_server_certs=0
media_encryption=none
[net]
firewall_policy=0
[rtp]
audio_rtp_port=17078
[sound]
echocancellation=0
[video]
enabled=0
[proxy_0]
reg_proxy=<sip:{edge};transport=udp>
reg_route=<sip:{edge};transport=udp;lr>
reg_identity=sip:{user}@{realm}
reg_expires=60
reg_sendregister=1
publish=0
dial_escape_plus=0
[auth_info_0]
username={user}
passwd={password}
realm={realm}
domain={realm}
[audio_codec_0]
mime=PCMA
rate=8000
channels=1
enabled=1
"""


class Linphone(Talker):
    def __init__(self, scene):
        tone = os.path.join(scene.folder, "tone.wav")
        lib_audio.write_wav(tone, lib_audio.tone(PHONE_HZ, 30))
        rc = os.path.join(scene.folder, "linphonerc")
        with open(rc, "w", encoding="ascii") as f:
            f.write(RC.format(edge=on(scene)[1], v6=int("phone" in scene.v6), user=scene.user, password=scene.password, realm=REALM))
        home = os.path.join(scene.folder, "home")
        os.makedirs(os.path.join(home, ".local/share/linphone"))
        super().__init__(scene, "linphonec", ["linphonec", "-c", rc, "-a"], env=dict(os.environ, HOME=home, TERM="dumb"))
        self.tell("soundcard use files")
        self.tell("play " + tone)
        self.recordings = 0

    def forget(self):
        super().forget()
        self.recordings += 1
        self.record = os.path.join(self.scene.folder, "heard-%d.wav" % self.recordings)
        self.tell("record " + self.record)

    def heard(self):
        return lib_audio.read_wav(self.record)

    def register(self):
        pass  # by itself; linphonec tells of it only when asked

    def unregister(self):
        self.tell("unregister")
        self.tell("quit")
        wait_for(lambda: self.process.poll() is not None, 8, "the end of linphonec")

    def dial(self, number):
        self.tell("call sip:%s@%s" % (number, REALM))

    def wait_call(self):
        self.wait_line("connected.")

    def hang_up(self):
        self.tell("terminate")

    def wait_end(self):
        self.wait_line("ended")


class NetSip(Talker):
    def __init__(self, scene):
        tone = os.path.join(scene.folder, "tone.pcma")
        with open(tone, "wb") as f:
            f.write(bytes(map(lib_audio.alaw, lib_audio.tone(PHONE_HZ, 30))))
        self.record = os.path.join(scene.folder, "heard.pcma")
        super().__init__(scene, "netsip", ["perl", os.path.join(HERE, "netsip.pl"), ADDRESS, EDGE, REALM, scene.user, scene.password, tone,
                                           self.record])

    def register(self):
        self.tell("register")
        self.wait_line("registered")

    def unregister(self):
        self.tell("unregister")
        self.wait_line("unregistered")
        self.process.stdin.close()
        wait_for(lambda: self.process.poll() is not None, 8, "the end of Net::SIP")

    def dial(self, number):
        self.tell("dial " + number)

    def wait_call(self):
        self.wait_line("established")

    def hang_up(self):
        self.tell("hangup")

    def wait_end(self):
        self.wait_line("ended")

    def forget(self):
        super().forget()
        if os.path.exists(self.record):
            os.unlink(self.record)

    def heard(self):
        with open(self.record, "rb") as f:
            return [lib_audio.FROM_ALAW[b] for b in f.read()]


def sipsak(scene, expires):
    """Registers, or for 0 seconds unregisters, the contact where Answering listens."""
    words = ["sipsak", "-U", "-s", "sip:%s@%s" % (scene.user, EDGE), "-C", "sip:%s@%s:5060" % (scene.user, ADDRESS), "-l", "5060",
             "-S", "-u", scene.user, "-a", scene.password, "-x", str(expires), "-H", ADDRESS]
    p = scene.net.start("phone", "sipsak-%d" % expires, *words)
    wait_for(lambda: p.poll() is not None, 10, "the end of sipsak")
    if p.returncode:
        with open(os.path.join(scene.folder, "sipsak-%d.log" % expires), encoding="utf-8", errors="replace") as f:
            raise Failed("sipsak ended with %d: %s" % (p.returncode, f.read()[-800:]))


class Answering:
    """SIPp as the phone that is called once."""

    def __init__(self, scene, ends):
        self.sipp = lib_party.Sipp(scene.net, "phone", ADDRESS, "callee", PHONE_HZ, 5060, {"inside_host": "phone.home.example"}, ends,
                                   talk_s=TALK_S)
        scene.bound("phone", self.sipp)

    def forget(self):
        pass

    def wait_call(self):
        pass

    def hang_up(self):
        pass  # by itself, after as long

    def wait_end(self):
        fault = self.sipp.finish()
        if fault:
            raise Failed("phone: " + fault)

    def heard(self):
        return None
