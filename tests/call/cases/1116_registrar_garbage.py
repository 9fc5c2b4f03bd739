# SPDX-License-Identifier: Apache-2.0
"""A registrar whose 200 has contacts that cannot be read, a star, somebody else's, ours twice, an expires of any
kind; that redirects to many places; that answers twice, or another question: the phone has what was given to it, or nothing."""
import re

from lib.registration import Phone, Registrar, config, contacts

CDR = []


def CONFIG(t):
    return dict(config(t, expires_core=0), networks={"access": {"unknown": "accept", "source_rate": 0, "nat": False}})


OTHER = "<sip:desk@192.0.2.77>;expires=1800"

# Contacts of a 200, with the request's own URI for {0}; what the phone is told (None: nothing is registered)
ANSWERS = [
    (["*"], None),
    (["<mailto:a@192.0.2.1>"], None),
    ([OTHER] * 40, None),
    ([OTHER, OTHER, "{0};expires=70", OTHER], 70),
    ([f"{OTHER}, {{0}};expires=80, {OTHER}"], 80),
    (["{0};expires=60", "{0};expires=90"], 60),
    (["{0};expires=0"], None),
    (["{0};expires=99999999999999999999"], 300),
    (["{0};expires=-1"], 300),
    (["{0};expires="], 300),
    (["{0};expires"], 300),
    (["{0}"], 300),
    ([], 300),
]


def run(t):
    registrar, phone = Registrar(t.b), Phone(t.a)

    def asked():
        phone.call_id += "x"  # another Call-ID is no refresh
        phone.send(phone.contact(300))
        return registrar.hear()

    def gone(what):
        t.equal(t.metric("limen_registrations"), 0, f"registrations after {what}")

    for given, told in ANSWERS:
        m = asked()
        ours = re.match(r"<[^>]*>", m["Contact"]).group(0)
        registrar.reply(m, 200, "OK", [("Contact", c.replace("{0}", ours)) for c in given])
        answer = phone.answered()
        t.equal(contacts(answer), {phone.uri: told} if told else {}, f"told after {given}")
        t.check("192.0.2.77" not in answer.raw.decode(), "another's contact crossed")
        if told:
            phone.unregister(registrar)
        gone(given)
    # many places to go, and none of them is told
    registrar.reply(asked(), 300, "Multiple Choices", [("Contact", f"<sip:r{i}@192.0.2.{i}>") for i in range(1, 30)])
    t.check("192.0.2." not in phone.answered(480).raw.decode(), "where the registrar redirects to crossed")
    for status, told in ((305, 480), (380, 480), (299, 200), (699, 699), (500, 500)):
        registrar.reply(asked(), status)
        phone.answered(told)
        if told == 200:
            phone.unregister(registrar)
    gone("what is no 200")
    # what cannot be read is no answer
    for unreadable in ("<<>>", "garbage;;;="):
        registrar.reply(asked(), 200, "OK", [("Contact", unreadable)])
        phone.answered(503, within=6)
    gone("what could not be read")
    # no responses to what was asked; then one, and its contrary behind it
    m = asked()
    head = "".join(f"{n}: {m[n]}\r\n" for n in ("Via", "From", "To", "Call-ID"))
    for raw in ("SIP/2.0 200 OK\r\n\r\n", f"SIP/2.0 2x0 OK\r\n{head}CSeq: {m['CSeq']}\r\n\r\n",
                f"SIP/2.0 200 OK\r\n{head}CSeq: {m.cseq} INVITE\r\n\r\n"):
        t.b.transmit(raw.encode(), m.source, None)
    registrar.accept(m)
    phone.answered()
    registrar.reply(m, 404, "Not Found")
    t.a.expect_quiet(0.2)
    t.equal(t.metric("limen_registrations"), 1, "registrations")
    phone.unregister(registrar)
