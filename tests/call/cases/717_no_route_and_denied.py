# SPDX-License-Identifier: Apache-2.0
"""No route: 404. A route that denies: its code and reason."""
CONFIG = {"routes": [{"match": {"ruri": "prefix:0900"}, "deny": {"code": 603, "reason": "Not From Here"}},
                     {"match": {"ruri": "exact:bob"}, "target": "callee"}]}
CDR = []


def run(t):
    a = t.caller(to="09001234")
    a.call()
    t.equal(a.refused(603).phrase, "Not From Here", "phrase")
    a = t.caller(to="carol")
    a.call()
    a.refused(404)
