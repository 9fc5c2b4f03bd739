# SPDX-License-Identifier: Apache-2.0
"""No route: 404. A route that denies: its code and reason, 403 included; the log says which route, and of which call."""
import re

CONFIG = {"routes": [{"match": {"ruri": "prefix:0900"}, "deny": {"code": 603, "reason": "Not From Here"}},
                     {"name": "premium", "match": {"ruri": "prefix:0180"}, "deny": {"code": 403, "reason": "Too Dear"}},
                     {"match": {"ruri": "exact:bob"}, "target": "callee"}]}
CDR = []


def run(t):
    a = t.caller(to="09001234")
    a.call()
    t.equal(a.refused(603).phrase, "Not From Here", "phrase")
    a = t.caller(to="carol")
    a.call()
    a.refused(404)
    t.wait_log(f"call refused .* route=- status=404 why=no_route call_id=.*{re.escape(a.call_id)}")
    a = t.caller(to="01805")
    a.call()
    t.equal(a.refused(403).phrase, "Too Dear", "phrase")
    t.wait_log(f"call refused network=access peer=caller .* route=premium status=403 why=route_deny call_id=.*{re.escape(a.call_id)}")
