# SPDX-License-Identifier: Apache-2.0
"""A challenge to a re-INVITE or INFO is the far side's affair: 403, and the call goes on."""
from lib.message import audio

CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    a, b = t.talk()
    a.request("INVITE", a.sdp(audio(way="sendonly"), version=2))
    b.expect("INVITE")
    b.reply(401, "Unauthorized", headers=[("WWW-Authenticate", 'Digest realm="inside", nonce="1"')])
    b.expect("ACK")
    m = a.refused(403)
    a.request("INFO", "Signal=1", ctype="application/dtmf-relay")
    b.expect("INFO")
    b.reply(407, "Proxy Authentication Required", headers=[("Proxy-Authenticate", 'Digest realm="inside", nonce="1"')])
    a.expect("403 INFO")
    t.hang_up(a, b)
