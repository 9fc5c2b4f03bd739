# SPDX-License-Identifier: Apache-2.0
"""A REGISTER on a route that denies gets its code and reason; the log says whose it was, there and where Limen itself refuses."""
import re

from lib.registration import Phone, config

CDR = []


def CONFIG(t):
    return {**config(t, expires_min=30),
            "routes": [{"match": {"to": "exact:guest"}, "deny": {"code": 403, "reason": "No Guests"}},
                       {"name": "phones", "match": {"network": "access"}, "target": "callee"}]}


def run(t):
    for user, expires, status, phrase, why in (("guest", 300, 403, "No Guests", "route_deny"),
                                               ("alice", 5, 423, "Interval Too Brief", "brief")):
        phone = Phone(t.a, user)
        phone.send(expires=expires)
        t.equal(phone.answered(status).phrase, phrase, "phrase")
        t.wait_log(f"registration refused network=access .* user={user} status={status} why={why} call_id=.*{re.escape(phone.call_id)}")
