# SPDX-License-Identifier: Apache-2.0
"""Require: 100rel is answered 420 with Unsupported."""
CDR = []


def run(t):
    a = t.caller()
    a.call(headers=[("Require", "100rel, timer")])
    t.equal(a.refused(420)["Unsupported"], "100rel, timer", "Unsupported")
