# SPDX-License-Identifier: Apache-2.0
"""The callee's answer cannot be one (other m-lines): its leg is ended by BYE, the caller refused."""
from lib.message import audio, video

CDR = {"status": 488, "ended_by": "limen", "cause": "unusable answer"}


def run(t):
    t.b
    a = t.caller()
    a.call()
    b = t.callee()
    b.ok(sdp=b.sdp(audio(), video()))
    b.expect("ACK")
    b.expect("BYE")
    b.ok()
    a.refused(488)
