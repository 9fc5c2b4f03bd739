# SPDX-License-Identifier: Apache-2.0
"""A scheme that we do not carry: 416. A body that is no SDP: 415 with Accept. A bad SDP: 488."""
CDR = []


def run(t):
    a = t.caller()
    a.target = "http://example.org/"
    a.call()
    a.refused(416)
    a = t.caller()
    a.call("<xml/>", ctype="text/xml")
    t.equal(a.refused(415)["Accept"], "application/sdp", "Accept")
    a = t.caller()
    a.call("this is no description\r\n")
    a.refused(488)
