# SPDX-License-Identifier: Apache-2.0
"""One source registers one name after the other: at limits.registrations_source it is 503; what is there goes on, other
hosts and peers are not held to it."""
import signal

from lib.registration import Phone, Registrar, config

CDR = []


def CONFIG(t):
    c = config(t)
    c["limits"] = {"registrations_source": 3}
    c["peers"]["pbx"] = {"network": "access", "targets": t.addr("caller", 4), "sources": t.addr("caller", 4)}
    c["routes"].insert(0, {"name": "register", "match": {"peer": "pbx", "method": "REGISTER"}, "target": "callee"})
    return c


def run(t):
    registrar, ports = Registrar(t.b), [t.a, t.endpoint("caller", port=5070)]
    phones = [Phone(ports[i % 2], f"user{i}") for i in range(5)]

    def registers(p):
        p.send()
        registrar.take()
        p.answered()

    def refused(p):
        p.send()
        t.check(p.answered(503)["Retry-After"], "no Retry-After")

    for p in phones[:3]:
        registers(p)
    refused(phones[3])
    t.equal(t.metric("limen_register_source_limited_total"), 1, "refused")
    phones[0].call_id += "x"
    registers(phones[0])  # is not new
    # a host is an IPv4 address, or what one has of IPv6: a /64
    neighbour = Phone(t.endpoint("caller", host=3, name="neighbour"), "bob")
    if t.v6:
        refused(neighbour)
    else:
        registers(neighbour)
        neighbour.unregister(registrar)
    extensions = [Phone(t.endpoint("caller", host=4, name="pbx"), f"ext{i}") for i in range(5)]
    for p in extensions:
        registers(p)
    for p in extensions:
        p.unregister(registrar)
    phones[1].unregister(registrar)
    registers(phones[3])
    refused(phones[4])
    t.limen.config["limits"]["registrations_source"] = 4
    t.limen.write_config()
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload done")
    registers(phones[4])
    for p in (phones[0], *phones[2:]):
        p.unregister(registrar)
