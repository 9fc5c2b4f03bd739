# SPDX-License-Identifier: Apache-2.0
"""Who is called and calls: baresip, told over its control port what to do, and SIPp with the scenarios of sipp/."""
import json
import os
import re
import socket
import subprocess
import time

import lib_audio
from lib_net import Failed, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
TALK_S = 3.0

CONFIG = """\
sip_listen {address}:{port}
net_interface {device}
call_local_timeout 20
audio_player aubridge,nowhere
audio_source aufile,{folder}/tone.wav
audio_alert aubridge,nowhere
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_txmode thread
rtcp_mux no
jitter_buffer_delay 1-5
rtp_ports 16000-16998
module_path /usr/lib/baresip/modules
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:4444
ringback_disabled yes
snd_path {folder}
"""


class Baresip:
    """One baresip; answers every call by itself, plays its tone, records what it hears."""

    def __init__(self, net, ns, device, address, hz, accounts, port=5060):
        """address: IPv6 goes in brackets."""
        self.net, self.ns = net, ns
        self.folder = os.path.join(net.folder, "baresip-" + ns)
        os.mkdir(self.folder)
        lib_audio.write_wav(os.path.join(self.folder, "tone.wav"), lib_audio.tone(hz, 30))
        with open(os.path.join(self.folder, "config"), "w", encoding="ascii") as f:
            f.write(CONFIG.format(address=address, port=port, device=device, folder=self.folder))
        with open(os.path.join(self.folder, "accounts"), "w", encoding="ascii") as f:
            f.writelines(a + ";answermode=auto;audio_codecs=PCMA/8000/1\n" for a in accounts)
        open(os.path.join(self.folder, "contacts"), "w").close()
        self.process = net.start(ns, "baresip-" + ns, "baresip", "-6" if ":" in address else "-4", "-f", self.folder)
        self.control = net.connect(ns, 4444)
        self.buffer, self.events = b"", []

    def tell(self, command, params=""):
        text = json.dumps({"command": command, "params": params, "token": "demo"}).encode()
        self.control.sendall(b"%d:%s," % (len(text), text))  # a netstring

    def listen(self, seconds=0.0):
        """Takes what baresip has told by now; waits so long for it."""
        self.control.settimeout(max(seconds, 0.001))
        try:
            self.buffer += self.control.recv(65536)
        except (socket.timeout, BlockingIOError):
            pass
        while b":" in self.buffer:
            size, rest = self.buffer.split(b":", 1)
            if len(rest) <= int(size):
                break
            event = json.loads(rest[:int(size)])
            self.buffer = rest[int(size) + 1:]
            if event.get("event"):
                self.events.append(event)

    def heard_of(self, *kinds):
        self.listen()
        return [e for e in self.events if e["type"] in kinds]

    def forget(self):
        self.listen()
        self.events.clear()
        for name in self.recordings():
            os.unlink(name)

    def recordings(self):
        return [os.path.join(self.folder, n) for n in os.listdir(self.folder) if n.startswith("dump-") and "dec" in n]

    def wait_registered(self):
        """By its log: the control connection may come later than the registration."""
        def there():
            with open(os.path.join(self.net.folder, "baresip-%s.log" % self.ns), encoding="utf-8", errors="replace") as f:
                return re.search(r"\} 200 .*\[\d+ bindings?\]", f.read())
        wait_for(there, 8, "baresip %s: a registration" % self.ns)

    def wait_call(self):
        def there():
            closed = self.heard_of("CALL_CLOSED")
            if closed:
                raise Failed("the call ended before it was answered: " + closed[0].get("param", ""))
            return self.heard_of("CALL_ESTABLISHED")
        wait_for(there, 8, "baresip %s: an answered call" % self.ns)

    def wait_end(self):
        return wait_for(lambda: self.heard_of("CALL_CLOSED"), 8, "baresip %s: the end of the call" % self.ns)

    def heard(self):
        """Samples of the last call, as baresip decoded them."""
        names = sorted(self.recordings(), key=os.path.getsize)
        return lib_audio.read_wav(names[-1]) if names else []


class Sipp:
    """One call by SIPp. It plays a capture of RTP: its tone, or what `speech` names. ends: it hangs up."""

    def __init__(self, net, ns, address, scenario, hz, port, keys, ends, remote=None, speech=None, talk_s=TALK_S):
        self.net, self.label = net, "sipp-%s-%s-%d" % (ns, scenario, time.monotonic_ns())
        tone = os.path.join(net.folder, "tone-%d.pcap" % hz)
        if speech:
            tone = speech
        elif not os.path.exists(tone):
            lib_audio.write_rtp_pcap(tone, lib_audio.tone(hz, talk_s + 0.5), 0x10000000 + hz)
        end = self.part(scenario + "_hangs_up" if ends else "hung_up_on")
        text = self.part(scenario).replace("@END@", end).replace("@TONE@", tone).replace("@TALK_MS@", str(int(talk_s * 1000)))
        path = os.path.join(net.folder, self.label + ".xml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        words = ["sipp", "-sf", path, "-i", address, "-mi", address, "-p", str(port), "-m", "1", "-nostdin", "-timeout", "20s",
                 "-timeout_error", "-trace_err", "-error_file", os.path.join(net.folder, self.label + ".err")]
        for key, value in keys.items():
            words += ["-key", key, value]
        self.process = net.start(ns, self.label, *words, *([remote] if remote else []))

    @staticmethod
    def part(name):
        with open(os.path.join(HERE, "sipp", name + ".xml"), encoding="utf-8") as f:
            return f.read()

    def finish(self):
        """Waits for its end. None when all went as the scenario has it, else its words."""
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.net.stop(self.process)
            return "did not end"
        if code == 0:
            return None
        try:
            with open(os.path.join(self.net.folder, self.label + ".err"), encoding="utf-8", errors="replace") as f:
                return "SIPp: " + " ".join(f.read().split())[:200]
        except OSError:
            return "SIPp ended with %d" % code
