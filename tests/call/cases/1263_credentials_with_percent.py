# SPDX-License-Identifier: Apache-2.0
"""A carrier challenges: its credentials' user goes out as it is configured, % and UTF-8 and quotes and all."""
from lib.digest import Verifier, asked

USER = 'jü%40r%b%25"\\'
CDR = {"status": 200, "cause": "bye"}


def CONFIG(t):
    return {"peers": {"callee": {"credentials": {"user": USER, "password": "100%"}}}, "leak": "block"}


class Unquoting(Verifier):
    def given(self, m):
        p = super().given(m)
        if p:
            p["username"] = m["Proxy-Authorization"].partition('username="')[2].partition('", ')[0].replace('\\"', '"').replace("\\\\", "\\")
        return p


def run(t):
    t.b
    core = Unquoting(user=USER, password="100%")
    d = t.caller()
    d.call()
    b = t.callee()
    b.invite = asked(t, core, b, b.invite)
    b.ok(sdp=True)
    d.answered()
    b.expect("ACK")
    d.bye()
    b.expect("BYE")
    b.ok()
    d.expect(200)
