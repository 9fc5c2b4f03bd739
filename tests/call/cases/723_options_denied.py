# SPDX-License-Identifier: Apache-2.0
"""OPTIONS on a route that denies gets its code and reason, 403 included, as an INVITE does."""
CONFIG = {"routes": [{"match": {"ruri": "prefix:0900"}, "deny": {"code": 603, "reason": "Not From Here"}},
                     {"match": {"ruri": "prefix:0180"}, "deny": {"code": 403, "reason": "Too Dear"}},
                     {"match": {"ruri": "exact:bob"}, "target": "callee"}]}
CDR = []


def run(t):
    a = t.caller(to="09001234")
    a.request("OPTIONS")
    t.equal(a.expect("603 OPTIONS").phrase, "Not From Here", "phrase")
    a = t.caller(to="01805")
    a.request("OPTIONS")
    t.equal(a.expect("403 OPTIONS").phrase, "Too Dear", "phrase of 403")
    a = t.caller(to="carol")
    a.request("OPTIONS")
    a.expect("404 OPTIONS")
