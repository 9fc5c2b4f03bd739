# SPDX-License-Identifier: Apache-2.0
"""A source that is no peer is dropped in silence, counted, and named in the log."""
CDR = []


def run(t):
    stranger = t.endpoint("caller", 4, name="caller-x")
    t.b
    a = t.caller(stranger)
    a.call()
    stranger.expect_quiet(0.3)
    t.b.expect_quiet(0.01)
    t.wait_metric('limen_rejects_total{reason="unknown_source_dropped"}', 1)
    t.wait_log("message dropped network=access source=.* why=unknown_source_dropped")
