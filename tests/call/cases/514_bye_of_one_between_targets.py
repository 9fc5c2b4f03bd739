# SPDX-License-Identifier: Apache-2.0
"""Two early dialogs of a target that failed, the next one's name is being looked up: BYE for one of them ends that one."""
from lib import dns
from lib.message import audio
from lib.scenes import host

CONFIG = lambda t: {"peers": {"callee": {"targets": [f"udp:{host(t, 2)}:5060", "slow.example:5060"]}}}
CDR = {"status": 487, "ended_by": "A", "cause": "bye", "attempts": [("callee", 503)]}


def prepare(t):
    t.dns = dns.Dns(t, {("slow.example", "A"): None, ("slow.example", "AAAA"): None})


def run(t):
    t.b
    a = t.caller()
    a.call()
    invite = a.last_invite
    b = t.callee()
    b.reply(183, "Session Progress", tag="one", sdp=b.sdp(audio(4000, ("PCMU",))))
    one = a.expect(183).tag("To")
    b.reply(183, "Session Progress", tag="two", sdp=b.sdp(audio(4010, ("PCMA",)), session=99))
    two = a.expect(183).tag("To")
    b.reply(503, "Service Unavailable", to=b.invite)
    b.expect("ACK")
    a.remote_tag = one
    a.bye()
    a.expect("200 BYE")
    a.remote_tag = two
    a.bye()
    m, _ = a.expect_each("487 INVITE", "200 BYE")
    a.last_invite = invite
    a.ack_refusal(m)
