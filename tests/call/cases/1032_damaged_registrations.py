# SPDX-License-Identifier: Apache-2.0
"""A registration's record that is cut is counted, logged and gone; one of another key is left alone; a good one beside
them goes on. With `registrations` false nothing is kept or read."""
from lib import kept, phones
from lib.registration import Phone, config

CDR = []
ERRORS = "registrations not restored"


def CONFIG(t):
    return {**config(t), **kept.config(t)}


def run(t):
    phone, registrar = phones.registered(t)
    other = Phone(t.a, user="bob")
    other.send()
    registrar.take()
    other.answered()
    kept.written(t)
    kept.kill(t)
    good = kept.records(t, "bindings")
    t.equal(len(good), 2, "records")
    mine = next(k for k in good if bytes(k).decode() == phone.alias)
    theirs = next(k for k in good if k != mine)
    foreign = bytes(reversed(mine))
    kept.alter(t, "UPDATE bindings SET bytes = ? WHERE key = ?", good[theirs][:-20], theirs)
    kept.alter(t, "INSERT INTO bindings VALUES (?, ?)", foreign, good[mine])
    t.limen.start()
    t.equal(t.metric("limen_register_bindings_restored_total"), 1, "registrations restored")
    t.equal(t.metric("limen_register_bindings_not_restored_total"), 1, "records that were not read")
    t.wait_log("registrations not restored.*registrations=1")
    t.wait_log("registrations of another cluster_key are left in the store.*registrations=1")
    phones.refused(t, bytes(theirs).decode(), 404)
    phone.send()
    phone.answered()
    kept.written(t)
    kept.kill(t)
    t.equal(set(kept.records(t, "bindings")), {mine, foreign}, "records")
    t.limen.config["store"]["registrations"] = False
    t.limen.write_config()
    t.limen.start()
    t.equal(t.metric("limen_registrations"), 0, "registrations")
