# SPDX-License-Identifier: Apache-2.0
"""The ringing bound holds while a name is looked up, too."""
from lib import dns

CONFIG = {"timers": {"c": 1000}, "peers": {"callee": {"targets": ["slow.example:5060"], "sources": ["10.2.0.2"]}}}
CDR = {"status": 408, "ended_by": "limen", "cause": "ringing limit"}


def prepare(t):
    t.dns = dns.Dns(t, {("slow.example", "A"): None, ("slow.example", "AAAA"): None})


def run(t):
    a = t.caller()
    a.call()
    a.refused(408)
