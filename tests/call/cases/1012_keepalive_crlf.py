# SPDX-License-Identifier: Apache-2.0
"""Empty messages to registered phones by setting, over UDP and on the connection of a phone over TCP."""
import select

from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    c = config(t)
    c["networks"]["access"].update(keepalive="crlf", keepalive_ms=1000)
    return c


def run(t):
    registrar = Registrar(t.b)
    phones = [Phone(t.a), Phone(t.a_tcp, "bob")]
    for p in phones:
        p.send()
        registrar.take()
        p.answered()
    t.check(select.select([t.a.sock], [], [], 3)[0], "no keep-alive over UDP")
    t.equal(t.a.sock.recv(100), b"\r\n\r\n", "keep-alive over UDP")
    t.check(select.select(list(t.a_tcp.conns), [], [], 3)[0], "no keep-alive over TCP")
    t.wait_metric("limen_register_keepalives_total", 4)
    t.equal(t.metric("limen_registrations_live"), 2, "phones that can be reached")
    for p in phones:
        p.unregister(registrar)
