# SPDX-License-Identifier: Apache-2.0
"""A name that nobody knows, then a server that does not answer: 503, and no call is stuck."""
from lib import dns

CONFIG = {"peers": {"callee": {"targets": ["nowhere.example"], "sources": ["10.2.0.2"]}}}
CDR = {"status": 503, "ended_by": "limen", "attempts": [("callee", 0)], "causes": ["no address"]}


def prepare(t):
    t.dns = dns.Dns(t, {})


def run(t):
    a = t.caller()
    a.call()
    a.refused(503, within=8)
