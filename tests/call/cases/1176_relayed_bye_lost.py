# SPDX-License-Identifier: Apache-2.0
"""auth: relay, BYE: a core that says nothing, two BYEs that cross, a phone that never comes again with credentials, and a second BYE before the first is answered: each side hears 200 once, and the call ends."""
import json

from lib.digest import Verifier, relaying
from lib.limen import LINGER

CONFIG = relaying
CDR = [{"status": 200, "cause": "bye", "ended_by": by, "verdict": ...} for by in "ABAAB"] + [
    {"status": 200, "cause": "ended by operator", "ended_by": "limen"}]


def challenged(t, core, d, b):
    d.bye()
    b.expect("BYE")
    b.reply(407, "Asked", headers=[core.challenge()])
    return d.expect("407 BYE")


def run(t):
    t.b
    core = Verifier()
    d, b = t.talk()  # silence: half of the time that the phone waits
    d.bye()
    b.expect("BYE")
    d.ep.expect_quiet(LINGER / 4)
    d.expect("200 BYE", within=LINGER)

    d, b = t.talk()  # crossing: both are taken
    d.bye()
    b.expect("BYE")
    b.bye()
    d.expect("200 BYE")
    b.expect("200 BYE")
    b.reply(200, "OK")

    d, b = t.talk()  # nobody comes again: the far side is ended by a BYE of ours
    challenged(t, core, d, b)
    m = b.expect("BYE", within=2 * LINGER)
    t.check(core.given(m) is None, "credentials of nobody")
    b.reply(407, "Asked", headers=[core.challenge()])

    d, b = t.talk()  # another one while the first is on its way
    d.bye()
    b.expect("BYE")
    d.bye()
    d.expect("200 BYE")
    d.expect("200 BYE")
    b.ok()

    d, b = t.talk()  # challenged, and then it is the far side that hangs up
    challenged(t, core, d, b)
    b.bye()
    b.expect("200 BYE")
    d.expect("BYE")
    d.ok()

    d, b = t.talk()  # an operator ends it meanwhile: nobody is sent a second BYE
    d.bye()
    b.expect("BYE")
    t.limen.command("call", "end", json.loads(t.limen.command("call", "list", "--json"))["calls"][0]["id"])
    d.expect("200 BYE")
    b.ok()
