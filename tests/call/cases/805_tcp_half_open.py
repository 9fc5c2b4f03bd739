# SPDX-License-Identifier: Apache-2.0
"""Half-open streams: nothing sent, half a header, half a body; each is closed when its time is over."""
CONFIG = {"timers": {"tcp_header": 1500, "tcp_idle": 2000}, "limits": {"connections_source": 4}}
CDR = []


def run(t):
    ep = t.a_tcp
    a = t.caller(ep)
    raw = a.call(send=False)
    header = ep.connect(False)
    header.sendall(raw[:60])
    body = ep.connect(False)
    body.sendall(raw[:-30])
    idle, fourth = ep.connect(False), ep.connect(False)
    t.wait_metric("limen_sip_connections", 4)  # workers take them in any order
    fifth = ep.connect(False)  # over what one source may have
    ep.expect_closed(fifth, 4)
    for s in (header, body, idle, fourth):
        ep.expect_closed(s, 6)
    t.check(t.metric("limen_sip_closed_slow_total") >= 2, "slow streams are not counted")
