# SPDX-License-Identifier: Apache-2.0
"""Descriptions of hundreds of m-lines, of ports 0 alone, of endless codecs and attributes, as offer, answer and re-offer:
each is answered, none is left over, and a call that stands is not harmed by what is refused."""
from lib.dialog import Callee
from lib.message import audio

CDR = None
BODIES = [
    lambda d: d.sdp(*[audio() for _ in range(400)]), lambda d: d.sdp(*[audio() for _ in range(33)]), lambda d: d.sdp(audio(0)),
    lambda d: d.sdp(audio(extra=[f"a=x{i}:{'y' * 80}" for i in range(600)])),
    lambda d: d.sdp(["m=audio 4000 RTP/AVP " + " ".join(map(str, range(128))) + " 0" * 9000]),
    lambda d: d.sdp(["m=audio 4000/65535 RTP/AVP 0"]), lambda d: d.sdp(["m=audio 65535 RTP/AVP 0"]),
    lambda d: d.sdp(["m=audio 99999999999999999999 RTP/AVP 0"]), lambda d: d.sdp(["m=audio -1 RTP/AVP 0"]),
    lambda d: d.sdp(["m="]), lambda d: "v=0\r\n" * 3000, lambda d: d.sdp().replace("\r\n", "\n"),
    lambda d: d.sdp().replace("c=IN IP", "c=IN IPX"),
    lambda d: d.sdp(audio(extra=["c=IN IP4 224.2.1.1/127/3"])), lambda d: d.sdp(audio(extra=["c=IN IP4 255.255.255.255"])),
    lambda d: d.sdp() + "\0" * 50, lambda d: d.sdp()[:40], lambda d: "\xff" * 5000]
# of each as an offer, and as an answer
WANTED = [488, 488, 488, 488, 488, 200, 200, 200, 488, 488, 200, 200, 200, 200, 488, 488, 488, 488, 488, 488, 488, 488, 200,
          200, 488, 488, 200, 200, 200, 200, 488, 488, 488, 488, 488, 488]


def outcome(t, a, answer):
    """Turns both sides until the caller has its final response."""
    b = None
    for _ in range(80):
        for m in t.b.gather(0.02):
            if m.method == "INVITE":
                b = b or Callee(t.b, m)
                b.reply(200, "OK", to=m, sdp=answer(b))
            elif m.method in ("BYE", "CANCEL"):
                (b or Callee(t.b, m)).reply(200, "OK", to=m)
        for m in t.a.gather(0.02):
            if m.status and m.status >= 200 and "INVITE" in m["CSeq"]:
                return b, m
    t.check(False, "no final response")


def finish(t, a, m):
    if m.status >= 300:
        a.ack_refusal(m)
        t.b.gather(0.05)
        return
    a.learn(m)
    a.ack()
    t.b.gather(0.05)
    a.bye()
    a.expect("200 BYE")
    for x in t.b.gather(0.1):
        if x.method == "BYE":
            Callee(t.b, x).reply(200, "OK", to=x)


def run(t):
    t.b
    seen = []
    for make in BODIES:
        for offer, answer in ((make, lambda d: d.sdp()), (lambda d: d.sdp(), make)):
            a = t.caller()
            a.call(offer(a))
            b, m = outcome(t, a, answer)
            seen.append(m.status)
            finish(t, a, m)
    t.equal(seen, WANTED, "outcomes")
    t.a.gather(0.5)
    for x in t.b.gather(0.5):
        if x.method in ("BYE", "CANCEL"):
            Callee(t.b, x).reply(200, "OK", to=x)
    t.wait_metric("limen_calls", 0, within=10.0)
