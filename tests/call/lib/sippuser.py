# SPDX-License-Identifier: Apache-2.0
"""sippuser: SIPp as one side of a case: an implementation of SIP that is not ours."""
import glob
import os
import subprocess
import time

from .endpoint import Fail
from .limen import die_with_parent
from .message import host_port


class Sipp:
    def __init__(self, case, who, scenario, host, limen, transport="UDP", calls=1, rate=10, extra=()):
        self.who, self.case = who, case
        self.folder = os.path.join(case.folder, f"sipp-{who}")
        os.makedirs(self.folder, exist_ok=True)
        bare = f"[{host}]" if ":" in host else host
        cmd = ["sipp", host_port(*limen), "-sf", scenario, "-i", bare, "-p", "5060", "-bind_local", "-m", str(calls),
               "-r", str(rate), "-t", "t1" if transport == "TCP" else "u1", "-nostdin", "-trace_msg", "-trace_err",
               "-timeout", "20", "-timeout_error", "-recv_timeout", "8000", "-timer_resol", "5", "-skip_rlimit",
               "-cp", "8888" if who == "caller" else "8889", "-s", "bob", *extra]
        if transport == "TCP":
            cmd += ["-max_socket", "100"]
        with case.network.inside(who), open(os.path.join(self.folder, "out.txt"), "w") as out:
            self.process = subprocess.Popen(cmd, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
                                            env=dict(os.environ, TERM="dumb"))
        case.sipps.append(self)

    def finish(self, within=20.0):
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Fail(f"SIPp at the {self.who} did not end within {within} s")
        if code:
            raise Fail(f"SIPp at the {self.who} ended with {code}: {self.errors()}")

    def errors(self):
        for f in glob.glob(os.path.join(self.folder, "*_errors.log")):
            with open(f, errors="replace") as e:
                return " | ".join(e.read().split("\n")[:3])
        return ""

    def trace(self):
        out = ""
        for f in glob.glob(os.path.join(self.folder, "*_messages.log")):
            with open(f, errors="replace") as e:
                out += e.read()
        return out

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def pair(t, file, calls, transport="UDP"):
    """uac.xml and uas.xml beside the case, played against each other through limen."""
    folder = os.path.dirname(file)
    callee = Sipp(t, "callee", os.path.join(folder, "uas.xml"), t.addr("callee", 2), t.limen_at("callee"), transport, calls)
    listening(t, "callee", transport)
    caller = Sipp(t, "caller", os.path.join(folder, "uac.xml"), t.addr("caller", 2), t.limen_at("caller"), transport, calls, 20)
    caller.finish()
    callee.finish()


def listening(t, who, transport, within=5.0):
    """SIPp says nothing of being ready: its socket does."""
    end = time.monotonic() + within
    flag = "-tln" if transport == "TCP" else "-uan"
    while time.monotonic() < end:
        with t.network.inside(who):
            out = subprocess.run(["ss", "-H", flag, "sport = :5060"], capture_output=True, text=True).stdout
        if out.strip():
            return
        time.sleep(0.02)
    raise Fail(f"SIPp at the {who} did not listen within {within} s")
