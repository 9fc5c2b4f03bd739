# SPDX-License-Identifier: Apache-2.0
"""latching: what may happen to the caller's audio in mid-call, for each policy of its peer: who is heard afterwards, what is
counted, what the record says. With `open` the caller's phone is behind a NAT: its description names an address it is not at."""
import re
from types import SimpleNamespace

from . import audio
from .message import audio as line, sdp

RANK = {"strict": "sdp", "restricted": "sdp", "open": "any"}
BY = {"sdp": "its SDP address", "any": "the first that came"}


def config(policy):
    return {"peers": {"caller": {"latch": policy}}}


class Scene:
    """A call with both tones heard, past the latch window (500 ms)."""

    def __init__(self, t, policy):
        self.t, self.policy, self.hidden = t, policy, policy == "open"
        if self.hidden:
            audio.route(t, "caller", audio.elsewhere(t))
        self.pa = audio.Phone(t, "caller", 450, 3 if self.hidden else 2, 4000)
        self.pb = audio.Phone(t, "callee", 950)
        self.a, self.b = audio.join(t, self.pa, self.pb, offer=self.says(self.pa.host, 4000))
        audio.both(self.pa, self.pb, 0.6)
        self.refused = audio.refused(t)

    def says(self, host, port, version=1):
        return sdp(audio.elsewhere(self.t) if self.hidden else host, line(port), version=version)

    def another(self, hz, port=4000, host=4):
        p = audio.Phone(self.t, "caller", hz, host, port)
        p.to = self.pa.to
        return p

    def hear_each_other(self, p, seconds=0.4):
        """p and the callee, nobody else."""
        audio.flow(0.1, p, self.pb)
        p.heard(), self.pb.heard()
        audio.flow(seconds, p, self.pb)
        p.hears(self.pb.hz)
        self.pb.hears(p.hz)

    def end(self, heard, changes=0, refused=0, last=None, stopped=False, rank=None):
        """rank: if not the first one's; refused: packets; last: the phone they last came from; stopped: the verdict says so, else there is none."""
        t = self.t
        t.equal(audio.refused(t) - self.refused, refused, "refused packets in /metrics")
        t.equal(t.metric("limen_media_source_changes_total"), changes, "limen_media_source_changes_total")
        t.hang_up(self.a, self.b)
        r = audio.records(t)[0]
        m = r["media"][0]["from_a"]
        at = audio.said(t, heard.host, heard.port)
        t.equal((m["latched"], m["source_changes"], m["latch"], m["drops"]),
                (at, changes, rank or RANK[self.policy], {"source": refused} if refused else {}), "record")
        verdict = None
        if stopped:
            verdict = (f"A stopped sending N s before the end, after {m['packets']} packets from {at} (latched by "
                       f"{BY[m['latch']]}); {refused} packets from other sources were refused, the last from "
                       f"{audio.said(t, last.host, last.port)}")
        t.equal(re.sub(r"sending \d+ s", "sending N s", r["verdict"]["from_a"] or "") or None, verdict, "verdict from_a")
        t.equal(r["verdict"]["from_b"], None, "verdict from_b")
        if last:
            t.equal(m["refused"], audio.said(t, last.host, last.port), "last refused")


def refused_for_long(s, p):
    """p alone speaks on the caller's side, so long that the verdict has to tell, and nobody hears it."""
    audio.flow(0.3, s.pb)
    s.pb.heard(), s.pa.heard(), p.heard()
    before = p.seq
    audio.flow(5.6, s.pb, p)
    s.pb.hears_nothing()
    if p is not s.pa:
        p.hears_nothing()
        s.pa.hears(s.pb.hz)
    return p.seq - before


def new_port(t, policy):
    """The NAT in front of the phone gives it another port."""
    s = Scene(t, policy)
    old, was = s.pa.rtp, s.pa.port
    s.pa.move(41000)
    if policy != "strict":
        audio.flow(0.3, s.pb)
        s.hear_each_other(s.pa)
        s.end(s.pa, changes=1)
        return
    n = refused_for_long(s, s.pa)
    s.pa.hears_nothing()
    t.check(old.recv(2000), "the old port hears no more")
    s.end(SimpleNamespace(host=s.pa.host, port=was), refused=n, stopped=True, last=s.pa)


def new_address(t, policy):
    """The same stream goes on from another host, and nothing vouches for that one."""
    s = Scene(t, policy)
    other = s.another(450)
    other.ssrc, other.seq, other.stamp = s.pa.ssrc, s.pa.seq, s.pa.stamp
    n = refused_for_long(s, other)
    s.end(s.pa, refused=n, last=other, stopped=True)


def new_ssrc(t, policy):
    """The same source begins another stream; a NAT's new port is then judged by that one."""
    s = Scene(t, policy)
    s.pa.ssrc, s.pa.seq, s.pa.stamp = 0x77777777, 40000, 123
    s.hear_each_other(s.pa)
    if policy != "strict":
        s.pa.move(41000)
        audio.flow(0.3, s.pb)
        s.hear_each_other(s.pa)
    s.end(s.pa, changes=int(policy != "strict"), rank="sdp_host" if policy == "restricted" else None)


def injector(t, policy):
    """Two beside the true sender: one on another host, one on its own host that knows its SSRC and sequence."""
    s = Scene(t, policy)
    far, near = s.another(1550), s.another(2050, 4444, 3 if s.hidden else 2)
    near.ssrc = far.ssrc = s.pa.ssrc
    near.seq = far.seq = begun = s.pa.seq + 2
    s.pa.heard(), s.pb.heard()
    audio.flow(0.8, s.pa, s.pb, far, near)
    s.pb.hears(450)
    s.pa.hears(950)
    far.hears_nothing(), near.hears_nothing()
    s.end(s.pa, refused=far.seq + near.seq - 2 * begun, last=near)


def moved_by_signalling(t, policy):
    """A re-INVITE says that the audio is elsewhere from now on, while the old source still speaks."""
    s = Scene(t, policy)
    new = s.another(2050, 5000)
    s.a.request("INVITE", s.says(new.host, 5000, version=2))
    m = s.b.expect("INVITE")
    t.equal((m.sdp.address(), m.sdp.port()), s.pb.to, "our address towards the callee")
    s.b.ok(sdp=s.b.sdp())
    ok = s.a.answered()
    s.b.expect("ACK")
    t.equal((ok.sdp.address(), ok.sdp.port()), s.pa.to, "our address towards the caller")
    # what is first on its way is the old one's
    audio.flow(0.1, s.pa, s.pb)
    audio.flow(0.1, s.pa, s.pb, new)
    for p in (s.pa, s.pb, new):
        p.heard()
    audio.flow(0.4, s.pa, s.pb, new)
    s.pb.hears(new.hz)
    new.hears(s.pb.hz)
    s.pa.hears_nothing()
    s.end(new, refused=audio.refused(t) - s.refused, last=s.pa)
