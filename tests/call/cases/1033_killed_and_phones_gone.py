# SPDX-License-Identifier: Apache-2.0
"""A registration that ran out while no process was there is gone; so is, told and counted, one whose network is not
configured any more."""
import time

from lib import kept, phones
from lib.registration import Registrar, Phone, config

CDR = []


def CONFIG(t):
    return {**config(t), **kept.config(t)}


def run(t):
    phone, registrar = phones.registered(t)
    brief = Phone(t.a, user="bob")
    brief.send(brief.contact(300))
    registrar.take(expires=2)
    brief.answered()
    kept.written(t)
    kept.kill(t)
    t.equal(len(kept.records(t, "bindings")), 2, "records")
    time.sleep(2.1)  # the registrar's own time
    t.limen.start()
    t.equal(t.metric("limen_register_bindings_restored_total"), 1, "registrations restored")
    t.equal(t.metric("limen_register_bindings_expired_total"), 1, "registrations that ran out")
    t.wait_log("registrations ran out while no process was there.*registrations=1")
    c = t.limen.config
    c["networks"]["phones"] = c["networks"].pop("access")
    c["routes"][0]["match"]["network"] = "phones"
    kept.again_registered(t, 0, networks=c["networks"])
    t.equal(t.metric("limen_register_bindings_homeless_total"), 1, "registrations without a network")
    t.wait_log("registrations dropped: their network is not configured any more.*registrations=1")
    kept.written(t)
    kept.kill(t)
    t.equal(kept.records(t, "bindings"), {}, "records")
    t.limen.start()
