# SPDX-License-Identifier: Apache-2.0
"""pbx: the Kamailio of tests/demo at the callee's, as a core that challenges (auth_db) and is not ours."""
import os
import shutil
import subprocess
import sys

from .limen import die_with_parent

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "demo"))
import lib_pbx  # noqa: E402


def missing():
    return None if shutil.which("kamailio") else "kamailio is not there (package kamailio)"


class Pbx:
    """Numbers with a plus go to `out`; users of 3 or 4 digits show who they are, within a call as well."""

    def __init__(self, case, host, out, accounts):
        self.case, self.folder = case, case.folder
        self.kamailio = lib_pbx.Kamailio(self, "callee", host, out, accounts, "the-core", challenge_within=True)
        case.sipps.append(self)

    # what the Kamailio of the demo wants of its network

    def inside(self, who):
        return self.case.network.inside(who)

    def start(self, who, name, *command):
        with self.inside(who), open(os.path.join(self.folder, name + ".log"), "w") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    # what a case wants of a process of its own

    def finish(self, within=10.0):
        self.kamailio.process.terminate()
        self.kamailio.process.wait(within)

    who = "callee, Kamailio"

    def trace(self):
        return self.kamailio.log()

    def errors(self):
        return ""

    def kill(self):
        """Its own processes go only with a Kamailio that ends by itself."""
        if self.kamailio.process.poll() is not None:
            return
        try:
            self.finish()
        except subprocess.TimeoutExpired:
            self.kamailio.process.kill()
            self.kamailio.process.wait()
