# SPDX-License-Identifier: Apache-2.0
"""Heads as only a hostile or very old peer sends them: odd and long tags and Call-IDs, folded, compact, doubled and lying
ones: refused or carried, in calls that end. What says that it is encoded is not read as if it were plain."""
from lib.dialog import Callee
from lib.message import branch

CDR = None


def raw(t, a, replace=None, extra=(), body=None, length=None, compact=False, fold=False):
    body = a.sdp() if body is None else body
    b = branch()
    h = a.head("INVITE", 101, b) + [("Contact", a.contact()), ("Content-Type", "application/sdp")]
    h = [(k, (replace or {}).get(k, v)) for k, v in h if (replace or {}).get(k, v) is not None] + list(extra)
    if compact:
        short = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Type": "c"}
        h = [(short.get(k, k), v) for k, v in h]
    if fold:
        h = [(k, v.replace(";", ";\r\n\t ", 1) if k != "Via" else v) for k, v in h]
    lines = [f"INVITE {a.target} SIP/2.0"] + [f"{k}: {v}" for k, v in h]
    lines += [f"{'l' if compact else 'Content-Length'}: {len(body) if length is None else length}"]
    a.last_invite = (a.target, 101, b, [], None)
    a.cseq = 101
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def attempt(t, want, what, **kw):
    """One INVITE; want: 200: a call that is carried and ended; else the refusal."""
    a = t.caller()
    if "call_id" in kw:
        a.call_id = kw.pop("call_id")
    if "tag" in kw:
        a.local_tag = kw.pop("tag")
    a.ep.send(raw(t, a, **kw))
    got = None
    for _ in range(60):
        for m in t.b.gather(0.01):
            if m.method == "INVITE":
                b = Callee(t.b, m)
                b.ok(sdp=True)
        for m in t.a.gather(0.01):
            if m.status and m.status >= 200:
                got = m
        if got:
            break
    t.equal(got and got.status, want, what)
    if got.status != 200:
        a.ack_refusal(got)
        return
    a.learn(got)
    a.ack()
    b.expect("ACK")
    a.bye()
    a.expect("200 BYE")
    b.expect("BYE")
    b.ok()


def run(t):
    t.b
    a = t.caller()
    attempt(t, 200, "folded", fold=True)
    attempt(t, 200, "compact", compact=True)
    attempt(t, 200, "long Call-ID", call_id="c" * 900 + "@x")
    attempt(t, 200, "odd Call-ID", call_id="%!<>~'`\"{}[]()\\/?*+-_.@a")
    attempt(t, 200, "long tag", tag="t" * 900)
    attempt(t, 200, "odd tag", tag="%!~'`*+-_.a")
    for name, value in (("Call-ID", "other"), ("CSeq", "102 INVITE"), ("To", "<sip:x@y>"), ("From", "<sip:x@y>;tag=z"),
                        ("Max-Forwards", "69"), ("Content-Type", "text/plain"), ("Content-Length", "1")):
        attempt(t, 400, f"second {name}", extra=[(name, value)])
    attempt(t, 400, "more Content-Length than body", length=5000)
    attempt(t, 400, "negative Content-Length", length=-1)
    attempt(t, 400, "endless Content-Length", length="9" * 30)
    parts = "--x\r\nContent-Type: application/sdp\r\n\r\n" + a.sdp() + "\r\n--x--\r\n"
    attempt(t, 415, "multipart", replace={"Content-Type": "multipart/mixed;boundary=x"}, body=parts)
    attempt(t, 415, "encoded", extra=[("Content-Encoding", "gzip")])
    attempt(t, 415, "encoded, compact", extra=[("e", "gzip")])
    attempt(t, 200, "not encoded", extra=[("Content-Encoding", "identity")])
