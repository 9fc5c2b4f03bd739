# SPDX-License-Identifier: Apache-2.0
"""The PBX: Kamailio as kamailio.cfg has it, with accounts in text files."""
import os
import signal
import socket

from lib_net import Failed, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
REALM = "phones.example"
VERSIONS = "table_name(string) table_version(int)\nsubscriber:7\nversion:1\n"
SUBSCRIBERS = "id(int,auto) username(string) domain(string) password(string)\n"


class Kamailio:
    """address: IPv6 goes in brackets. accounts: user -> password. What is neither a number of ours nor an extension goes to `out`.
    record_route: whether it stays in the way of what follows an INVITE."""

    def __init__(self, net, ns, address, out, accounts, host, nonce_s=300, challenge_calls=True,
                 challenge_register=True, challenge_within=False, record_route=True):
        self.net, self.ns, self.address = net, ns, address
        folder = os.path.join(net.folder, "kamailio-" + ns)
        os.mkdir(folder)
        with open(os.path.join(folder, "version"), "w", encoding="ascii") as f:
            f.write(VERSIONS)
        with open(os.path.join(folder, "subscriber"), "w", encoding="ascii") as f:
            f.write(SUBSCRIBERS)
            for n, (user, password) in enumerate(accounts.items(), 1):
                f.write("%d:%s:%s:%s\n" % (n, user, REALM, password))
        with open(os.path.join(HERE, "kamailio.cfg"), encoding="utf-8") as f:
            text = f.read()
        for name, value in (("HOST", host), ("ADDRESS", address), ("FOLDER", folder), ("REALM", REALM), ("OUT", out),
                            ("NONCE_S", str(nonce_s))):
            text = text.replace("@%s@" % name, value)
        path = os.path.join(folder, "kamailio.cfg")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.process = net.start(ns, "kamailio-" + ns, "kamailio", "-DD", "-E", "-n", "1", "-m", "32", "-M", "8", "-w", folder, "-Y", folder,
                                 *(["-A", "CHALLENGE_CALLS"] if challenge_calls else []),
                                 *(["-A", "CHALLENGE_REGISTER"] if challenge_register else []),
                                 *(["-A", "CHALLENGE_WITHIN"] if challenge_within else []),
                                 *(["-A", "RECORD_ROUTE"] if record_route else []), "-f", path)
        wait_for(self.listens, 10, "Kamailio in " + ns)

    def listens(self):
        if self.process.poll() is not None:
            raise Failed("Kamailio ended: " + self.log())
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        with self.net.inside(self.ns), socket.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.connect((self.address.strip("[]"), 5060))
                s.send(("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK-up\r\nFrom: <sip:up@%s>;tag=up\r\nTo: <sip:%s>\r\n"
                        "Call-ID: up-%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"
                        % (self.address, self.address, s.getsockname()[1], self.address, self.address, s.getsockname()[1])).encode())
                return s.recv(2000)
            except OSError:
                return None

    def log(self):
        with open(os.path.join(self.net.folder, "kamailio-%s.log" % self.ns), encoding="utf-8", errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        return self.net.stop(self.process, signal.SIGTERM)
