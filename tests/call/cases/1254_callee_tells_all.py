# SPDX-License-Identifier: Apache-2.0
"""A callee that tells of its side wherever it can: status line, headers, description, refusal, BYE: nothing is seen by the
caller, and the leak checker has nothing to find."""
from lib.message import audio

CDR = [{"status": 200, "ended_by": "B"}, {"status": 486}, {"status": 503}]
NAME = "pbx.inside.example"


def headers(t, b):
    h, c = t.addr("callee", 2), b.call_id
    return [("Server", f"Pbx at {h}"), ("User-Agent", NAME), ("Organization", NAME), ("Warning", f'399 {NAME} "see {h}"'),
            ("Reason", f'Q.850;cause=16;text="at {h}"'), ("P-Asserted-Identity", f"<sip:bob@{h}>"),
            ("P-Charging-Vector", f"icid-value={c};icid-generated-at={h}"), ("P-Called-Party-ID", f"<sip:bob@{h}>"),
            ("Remote-Party-ID", f"<sip:bob@{h}>"), ("Diversion", f"<sip:x@{h}>"), ("History-Info", f"<sip:x@{h}>;index=1"),
            ("Call-Info", f"<http://{h}/x>"), ("Alert-Info", f"<http://{h}/ring>"), ("Error-Info", f"<http://{h}/busy>"),
            ("Reply-To", f"<sip:bob@{h}>"), ("In-Reply-To", c), ("Retry-After", f"5 (at {h});duration=9"),
            ("X-Where", h), ("Timestamp", h), 
            ("Geolocation", f"<sip:{h}>"), ("Unsupported", NAME),
            ("Allow", f"INVITE, {NAME}"), ("Supported", f"timer, {NAME}"), 
            ("Allow-Events", NAME), ("Path", f"<sip:{h};lr>"),
            ("Service-Route", f"<sip:{h};lr>"), ("Authentication-Info", f'nextnonce="{NAME}"')]


def description(t, b, version=1):
    h = t.addr("callee", 2)
    lines = [f"a=rtcp:4001 IN {'IP6' if ':' in h else 'IP4'} {h}", f"a=candidate:1 1 UDP 2130706431 {h} 4000 typ host", f"a=rtpmap:8 PCMA/8000",
             f"a=ssrc:1 cname:bob@{h}", f"a=msid:{NAME} x", f"a=mid:{NAME}", f"i={NAME}", f"k=uri:http://{h}/",
             f"a=fmtp:0 x={h}", f"a=tool:{NAME}", f"a=x-{NAME}:1", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{NAME}", f"a=ice-ufrag:{NAME}"]
    text = b.sdp(audio(extra=lines), version=version)
    return text.replace("s=-", f"s=at {h}\r\ni={NAME}\r\nu=http://{h}/\r\ne=bob@{NAME}\r\np=+49 {NAME}").replace(
        "o=- ", f"o={NAME} ").replace("t=0 0", f"t=0 0\r\na=group:BUNDLE {NAME}\r\na=tool:{h}")


def silent(t, b, m):
    text = m.raw.decode()
    for inside in (t.addr("callee", 2), t.addr("callee", 1), b.call_id, b.local_tag, b.remote_tag, NAME, "inside"):
        t.check(inside not in text, f"{inside} is seen on leg A: {text}")


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    h = t.addr("callee", 2)
    for status, body in ((180, None), (183, description(t, b)), (199, None)):
        b.reply(status, f"Progress at {h} {NAME}", sdp=body, headers=headers(t, b))
        if status != 199:
            silent(t, b, a.expect(status))
    b.reply(200, f"OK from {NAME} at {h}", sdp=description(t, b), headers=headers(t, b))
    silent(t, b, a.answered())
    b.expect("ACK")
    b.request("INFO", headers=headers(t, b), body=f"Signal=1\r\n", ctype="application/dtmf-relay")
    silent(t, b, a.expect("INFO"))
    a.ok()
    b.expect("200 INFO")
    b.request("INVITE", description(t, b, 2), headers=headers(t, b))
    silent(t, b, a.expect("INVITE"))
    a.ok(sdp=a.sdp(version=2))
    b.expect("200 INVITE")
    b.ack()
    a.expect("ACK")
    b.bye(headers=headers(t, b))
    silent(t, b, a.expect("BYE"))
    a.ok()
    b.expect("200 BYE")

    for status in (486, 503):
        a = t.caller()
        a.call()
        b = t.callee()
        b.reply(status, f"No, says {NAME} at {h}", headers=headers(t, b))
        b.expect("ACK")
        silent(t, b, a.refused(status))
