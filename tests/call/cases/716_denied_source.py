# SPDX-License-Identifier: Apache-2.0
"""A source that the ACL denies is not heard, even if it is a peer."""
CONFIG = lambda t: {"networks": {"access": {"acl": {"deny": [t.addr("caller", 2)]}}}}
CDR = []


def run(t):
    t.b
    a = t.caller()
    a.call()
    a.ep.expect_quiet(0.3)
    t.wait_metric('limen_rejects_total{reason="acl"}', 1)
