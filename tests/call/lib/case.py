# SPDX-License-Identifier: Apache-2.0
"""case: one behaviour in one variant: its network, the process under test, the user agents, and the final state.

A case is a file cases/NN_title.py. Its docstring's first line is the title. It has run(t), the dialogue, and may have:
    CONFIG      a dict laid over the default configuration, or a function of t that returns one
    CDR         what the call record must say (final_cdr(); ... for anything), a list of those, or [] for none
    UNEXPECTED  what limen_unexpected_events_total must be; None: not looked at
    LEAKS       what limen_leaks_total must be
    ERRORS      a pattern of error lines that belong to the case
    SETTLE      seconds until all gauges must be zero
    VARIANTS    those of v4, v6, workers that make sense
    EXIT        exit code after SIGTERM, or None when the dialogue ended the process itself
    NEEDS       a function: why the case cannot run here, or None
    ENV         more environment; SIPP = True: limits are SIPp's own"""
import inspect
import os
import re
import shutil
import time

from . import rtp
from .dialog import Callee, Caller
from .endpoint import Endpoint, Fail, StreamEndpoint
from .limen import LINGER, Limen, default_config, merge
from .message import Message
from .netns import Network, address

# What must be nothing once a case is over: one gauge each.
GAUGES = ("limen_calls", "limen_legs", "limen_transactions", "limen_media_sessions", "limen_media_ports_used",
          "limen_registrations", "limen_registrations_pending", "limen_sip_connections", 'limen_sockets{kind="stream"}', 'limen_sockets{kind="media"}')


class Case:
    def __init__(self, module, number, variant, exe, folder, prefix):
        self.module, self.number, self.variant, self.folder = module, number, variant, folder
        self.workers = variant == "workers"
        self.v6 = variant == "v6" or (self.workers and number % 2 == 0)
        self.network = Network(prefix)
        self.exe = exe
        self.endpoints, self.sockets, self.sipps, self.trace, self.named = [], [], [], [], {}
        self.began = time.monotonic()
        self.limen = None
        self.is_ready = False

    def of(self, name, default=None):
        return getattr(self.module, name, default)

    # ---- the scene

    def set_up(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.network.create()
        more = self.of("CONFIG", {})
        config = default_config(self.v6, self.folder)
        merge(config, more(self) if callable(more) else more)
        env = dict(self.of("ENV", {}))
        if self.workers:
            env.update(LIMEN_TEST_WORKERS="3", LIMEN_TEST_RANDOM_DELIVERY="1")
        if hasattr(self, "dns"):
            env["LIMEN_TEST_DNS"] = self.dns.server
        # who waits for an INVITE listens before it is sent: a closed port is told by ICMP, and ends the attempt at once
        if "t.callee()" in inspect.getsource(self.module):
            self.b
        self.limen = Limen(self.network, self.exe, self.folder, config, env)
        if self.of("AUTOSTART", True):
            self.limen.start()
            self.is_ready = True

    def addr(self, side, host):
        return address({"caller": 1, "callee": 2}[side], host, self.v6)

    def limen_at(self, side, port=5060):
        return self.addr(side, 1), port

    def endpoint(self, side, host=2, port=5060, tcp=False, name=None):
        key = (side, host, port, tcp)
        if key not in self.named:
            kind = StreamEndpoint if tcp else Endpoint
            self.named[key] = kind(self, side, self.addr(side, host), port, self.limen_at(side), name)
        return self.named[key]

    @property
    def a(self):
        """The caller's user agent."""
        return self.endpoint("caller")

    @property
    def b(self):
        return self.endpoint("callee")

    @property
    def a_tcp(self):
        return self.endpoint("caller", tcp=True)

    @property
    def b_tcp(self):
        return self.endpoint("callee", tcp=True)

    def caller(self, ep=None, **kw):
        return Caller(ep or self.a, **kw)

    def callee(self, ep=None, within=4.0):
        """Waits for an INVITE."""
        ep = ep or self.b
        return Callee(ep, ep.expect("INVITE", within=within))

    def talk(self, offer=None, answer=None, ep_a=None, ep_b=None, allow=""):
        """An established call: (caller's dialog, callee's dialog). The callee rings first."""
        self.b  # listens before the INVITE is sent
        a = self.caller(ep_a)
        headers = [("Allow", allow)] if allow else []
        a.call(offer or True, headers=headers)
        b = self.callee(ep_b)
        b.reply(180, "Ringing")
        a.expect(180)
        b.ok(sdp=answer or b.sdp(), headers=headers)
        a.early = a.answered()
        b.acked_by = b.expect("ACK")
        time.sleep(0.05)  # nothing tells that the caller's ACK has been taken
        return a, b

    def hang_up(self, first, second):
        first.bye()
        second.expect("BYE")
        second.ok()
        first.expect(200)

    def phone(self, side, host=2, port=4000, mark=1):
        return rtp.Rtp(self, side, self.addr(side, host), port, mark)

    def traced(self, name, arrow, raw, repeat=False):
        m = Message(raw) if isinstance(raw, bytes) and b"\r\n" in raw else None
        what = m.start if m else repr(raw[:60])
        if m and m.status:
            what += f"  [{m['CSeq']}]"
        self.trace.append((time.monotonic() - self.began, name, arrow, what + ("  (again)" if repeat else ""), raw))

    def check(self, condition, text):
        if not condition:
            raise Fail(text)

    def equal(self, got, wanted, what):
        if got != wanted:
            raise Fail(f"{what}: {got!r}, and not {wanted!r}")

    def metric(self, name):
        """As it is now; wait_metric() where the program may still be about to count."""
        return self.limen.metrics().get(name, 0)

    def wait_metric(self, name, value, within=4.0):
        end = time.monotonic() + within
        while (got := self.metric(name)) != value:
            if time.monotonic() > end:
                raise Fail(f"{name} is {got:g} and not {value} after {within} s")
            time.sleep(0.05)

    def wait_log(self, pattern, within=4.0, times=1):
        end = time.monotonic() + within
        while sum(bool(re.search(pattern, x)) for x in self.limen.log_lines()) < times:
            if time.monotonic() > end:
                raise Fail(f"no log line with {pattern!r} within {within} s")
            time.sleep(0.05)

    # ---- the final state

    def finish(self):
        for s in self.sipps:
            s.finish()
        self.final_process() if self.of("EXIT", 0) is None else self.final_state()
        for e in self.endpoints:
            for m in e.leftovers():
                raise Fail(f"{e.name} got a message that the case does not know: {m.start}")
        self.final_cdr()

    def final_state(self):
        self.final_gauges()
        self.final_counters()
        self.equal(self.limen.stop(), self.of("EXIT", 0), "exit code after SIGTERM")
        self.final_process()

    def final_gauges(self):
        """A transaction lingers 64*T1 after its last message; nothing lives longer."""
        end = time.monotonic() + self.of("SETTLE", LINGER + 3.0)
        for e in self.endpoints:
            if isinstance(e, StreamEndpoint):
                e.pump(0)
                for s in list(e.conns):
                    e.drop(s)
        while True:
            m = self.limen.metrics()
            for g in GAUGES:
                if g not in m:
                    raise Fail(f"/metrics has no {g}")
            left = {g: m[g] for g in GAUGES if m[g]}
            more = self.limen.count_descriptors() - self.limen.descriptors
            if not left and more <= 0:
                return
            if time.monotonic() > end:
                raise Fail(f"left over: {', '.join(f'{k} {v:g}' for k, v in left.items())} descriptors {more:+d}")
            time.sleep(0.1)

    def final_counters(self):
        m = self.limen.metrics()
        self.equal(m.get("limen_leaks_total"), self.of("LEAKS", 0), "limen_leaks_total")
        wanted = self.of("UNEXPECTED", 0)
        if wanted is not None:
            self.equal(m.get("limen_unexpected_events_total"), wanted, "limen_unexpected_events_total")

    def final_process(self):
        text = self.limen.stderr()
        if text.strip():
            raise Fail("standard error is not empty: " + text.strip().split("\n")[0])
        allowed = self.of("ERRORS")
        for line in self.limen.log_lines():
            if re.search(r"(^| )ERROR ", line) and not (allowed and re.search(allowed, line)):
                raise Fail(f"error line: {line}")

    def final_cdr(self):
        wanted = self.of("CDR")
        if wanted is None:
            return
        wanted = wanted(self) if callable(wanted) else wanted
        wanted = wanted if isinstance(wanted, list) else [wanted]
        got = self.limen.cdrs()
        self.equal(len(got), len(wanted), "number of call records")
        for w in wanted:
            # the records of two workers come in any order
            g = next((g for g in got if not cdr_differences(g, w)), got[0]) if self.workers else got[0]
            got.remove(g)
            for key, value in cdr_differences(g, w):
                self.equal(cdr_field(g, key), value, f"call record, {key}")

    def tear_down(self):
        for s in self.sipps:
            s.kill()
        if self.limen:
            self.limen.kill()
        for e in self.endpoints:
            e.close()
        for s in self.sockets:
            s.close()
        self.network.destroy()

    # ---- when it failed

    def ladder(self):
        out = []
        for when, name, arrow, what, _ in sorted(self.trace, key=lambda x: x[0]):
            left = name in ("caller",) or name.startswith("caller")
            lane = f"{name:>8} {'---->' if arrow == '->' else '<----'} limen" if left else \
                f"{'':14} limen {'<----' if arrow == '->' else '---->'} {name}"
            out.append(f"{when:8.3f}  {lane:36} {what}")
        return "\n".join(out)


def cdr_field(record, key):
    if key == "attempts":
        return [(x["peer"], x["status"]) for x in record["attempts"]]
    if key == "causes":
        return [x["cause"] for x in record["attempts"]]
    if key == "verdict":
        v = record["verdict"]
        return (v["from_a"], v["from_b"]) if isinstance(v, dict) else tuple(v)
    for part in key.split("."):
        record = record and record[part]
    return record


def cdr_differences(record, wanted):
    return [(key, value) for key, value in {"verdict": (None, None), **wanted}.items()
            if value is not ... and cdr_field(record, key) != value]
