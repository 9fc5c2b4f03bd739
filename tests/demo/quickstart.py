#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""quickstart: starts Limen on the quick-start configuration, places one call with real audio through it, shows what
happened, and goes on serving until ^C. Usage: quickstart.py LIMEN CONFIG. `--once` ends after the demonstration."""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

from lib_audio import ALAW, FROM_ALAW, PACKET, RATE, alaw, strength, tone

SIP = ("127.0.0.1", 5060)
MANAGE = "http://127.0.0.1:8080"
TONE_HZ = 440
SECONDS = 2


class Call:
    """One call to the echo target, as a plain user agent over UDP; remembers its messages for the ladder."""

    def __init__(self):
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind(("127.0.0.1", 0))
        self.sip.settimeout(5)
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp.setblocking(False)
        self.me = "127.0.0.1:%d" % self.sip.getsockname()[1]
        self.id = "demo-%d@%s" % (os.getpid(), self.me)
        self.started = time.monotonic()
        self.ladder = []
        self.to = "<sip:echo@127.0.0.1>"
        self.target = "sip:echo@127.0.0.1"

    def note(self, arrow, text):
        self.ladder.append((time.monotonic() - self.started, arrow, text))

    def send(self, method, cseq, body=""):
        lines = [
            "%s %s SIP/2.0" % (method, self.target),
            "Via: SIP/2.0/UDP %s;branch=z9hG4bK-%s-%s;rport" % (self.me, method, self.id.split("@", 1)[0]),
            "Max-Forwards: 70",
            'From: "Demo" <sip:demo@127.0.0.1>;tag=demo',
            "To: " + self.to,
            "Call-ID: " + self.id,
            "CSeq: %d %s" % (cseq, method),
            "Contact: <sip:demo@%s>" % self.me,
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        lines += ["Content-Length: %d" % len(body), "", body]
        self.sip.sendto("\r\n".join(lines).encode(), SIP)
        self.note("-->", method + (" (offer: G.711)" if body else ""))

    def final(self):
        while True:
            text = self.sip.recv(65535).decode(errors="replace")
            status = int(text.split(" ", 2)[1])
            self.note("<--", text.split("\r\n", 1)[0].replace("SIP/2.0 ", "") + (" (answer)" if "\r\nv=0" in text else ""))
            if status >= 200:
                return status, text

    def invite(self):
        port = self.rtp.getsockname()[1]
        self.send("INVITE", 1, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                  "m=audio %d RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n" % port)
        status, text = self.final()
        if status != 200:
            raise SystemExit("the call was refused with %d" % status)
        self.to = re.search(r"^To: (.*?)\r$", text, re.M).group(1)
        self.target = re.search(r"^Contact: <(.*?)>", text, re.M).group(1)
        self.send("ACK", 1)
        return "127.0.0.1", int(re.search(r"^m=audio (\d+)", text, re.M).group(1))

    def talk(self, relay):
        """Sends the tone in real time; returns packets sent, packets back, and how much of them is the tone."""
        sent, back = 0, []
        payload = bytes(map(alaw, tone(TONE_HZ, SECONDS)))
        begin = time.monotonic()
        while sent < SECONDS * RATE // PACKET:
            self.rtp.sendto(struct.pack("!BBHII", 0x80, ALAW, sent, sent * PACKET, 0x4C494D45) + payload[sent * PACKET:(sent + 1) * PACKET], relay)
            sent += 1
            while time.monotonic() < begin + sent * 0.02:
                try:
                    back.append(self.rtp.recv(2048))
                except BlockingIOError:
                    time.sleep(0.002)
        self.note("===", "%d RTP packets sent, %d came back" % (sent, len(back)))
        samples = [FROM_ALAW[x] for p in back for x in p[12:]]
        return sent, len(back), strength(samples, TONE_HZ)

    def bye(self):
        self.send("BYE", 2)
        self.final()


def get(path):
    try:
        return urllib.request.urlopen(MANAGE + path, timeout=5).read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def wait_ready(limen):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if limen.poll() is not None:
            raise SystemExit("limen did not start (its words are above)")
        if get("/readyz") is not None:
            return
        time.sleep(0.05)
    raise SystemExit("limen did not get ready within 10 s")


def show_ladder(call):
    print("\n             demo phone" + " " * 27 + "limen (echo)")
    for at, arrow, text in call.ladder:
        line = {"-->": "|---- %-36s -->|", "<--": "|<--- %-36s ---|", "===": "|==== %-36s ==>|"}[arrow] % text
        print("  %6.3f s  %s" % (at, line))


def show_counters():
    wanted = ("limen_calls_total", "limen_calls_answered_total", "limen_calls ", "limen_media_packets_total", "limen_leaks_total",
              "limen_media_ports_used")
    print("\n  counters (%s/metrics)" % MANAGE)
    for line in (get("/metrics") or "").splitlines():
        if line.startswith(wanted):
            print("    " + line)


def last_record(path, seen):
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            lines = open(path, encoding="utf-8").read()[seen:].splitlines()
        except FileNotFoundError:
            lines = []
        if lines:
            return json.loads(lines[-1])
        time.sleep(0.02)
    return None


def main():
    once = "--once" in sys.argv
    binary, config = [a for a in sys.argv[1:] if not a.startswith("--")]
    record = re.search(r'"cdr".*?"file":\s*"([^"]+)"', open(config, encoding="utf-8").read(), re.S)
    record = record.group(1) if record else None
    seen = os.path.getsize(record) if record and os.path.exists(record) else 0
    limen = subprocess.Popen([binary, "run", config])
    try:
        wait_ready(limen)
        call = Call()
        relay = call.invite()
        sent, back, share = call.talk(relay)
        call.bye()
        show_ladder(call)
        show_counters()
        cdr = last_record(record, seen) if record else None
        verdict = (cdr or {}).get("verdict", {})
        print("\n  verdict   from A: %s" % (verdict.get("from_a") or "healthy"))
        print("  audio     %d packets of a %d Hz tone sent, %d heard back, %.0f %% of what came back is the tone" % (sent, TONE_HZ, back, 100 * share))
        if back < sent * 0.9 or share < 0.9:
            raise SystemExit("  the tone did not come back as it went out")
        print("""
  Limen goes on serving. Call sip:echo@127.0.0.1:5060 with a softphone on this machine: you hear yourself.
  To put it between a carrier and a PBX: copy config/examples/trunk-pbx.json, give it your addresses, then
      %s check FILE   says what is wrong with it
      ./dev run FILE                        serves it
  ^C ends.""" % binary, flush=True)
        if not once:
            limen.wait()
    except KeyboardInterrupt:
        print()
    finally:
        if limen.poll() is None:
            limen.send_signal(signal.SIGTERM)
            try:
                limen.wait(5)
            except subprocess.TimeoutExpired:
                limen.send_signal(signal.SIGTERM)
                limen.wait(5)
    return limen.returncode


sys.exit(main())
