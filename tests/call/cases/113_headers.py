# SPDX-License-Identifier: Apache-2.0
"""What crosses and what does not: listed headers do, everything that names the other side does not."""
CDR = {"status": 200, "ended_by": "A", "cause": "bye"}


def run(t):
    t.b
    a = t.caller()
    a.call(headers=[("User-Agent", "SecretPhone/1.0"), ("Subject", "lunch"), ("X-Inside", "10.1.0.2"),
                    ("User-to-User", "56a3;encoding=hex"), ("P-Asserted-Identity", "<sip:alice@10.1.0.2>")])
    b = t.callee()
    m = b.invite
    t.equal(m["Subject"], "lunch", "Subject")
    t.equal(m["User-to-User"], "56a3;encoding=hex", "User-to-User")
    for name in ("X-Inside", "P-Asserted-Identity"):
        t.equal(m.all(name), [], name)
    t.equal(len(m.all("Via")), 1, "number of Via headers")
    text = m.raw.decode()
    for inside in (t.addr("caller", 2), t.addr("caller", 1), a.call_id, a.local_tag, "SecretPhone"):
        t.check(inside not in text, f"{inside} is seen on leg B")
    b.reply(180, "Ringing", headers=[("Server", "SecretPbx/2.0")])
    a.expect(180)
    b.ok(sdp=True, headers=[("Server", "SecretPbx/2.0")])
    m = a.answered()
    for inside in (t.addr("callee", 2), t.addr("callee", 1), b.call_id, "SecretPbx"):
        t.check(inside not in m.raw.decode(), f"{inside} is seen on leg A")
    b.expect("ACK")
    t.hang_up(a, b)
