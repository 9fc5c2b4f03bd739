# SPDX-License-Identifier: Apache-2.0
"""A CANCEL that matches no transaction is answered 481."""
from lib.message import branch

CDR = []


def run(t):
    a = t.caller()
    a.last_invite = (a.target, 1, branch(), [], None)
    a.cancel()
    a.expect("481 CANCEL")
