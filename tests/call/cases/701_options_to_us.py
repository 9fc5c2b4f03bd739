# SPDX-License-Identifier: Apache-2.0
"""OPTIONS to Limen itself is answered with Allow and Accept."""
CDR = []


def run(t):
    a = t.caller()
    a.target = a.target.replace("bob@", "")
    a.remote = a.remote.replace("bob@", "")
    a.request("OPTIONS")
    m = a.expect("200 OPTIONS")
    t.check("INVITE" in m["Allow"] and "UPDATE" in m["Allow"], f"Allow: {m['Allow']}")
    t.equal(m["Accept"], "application/sdp", "Accept")
    t.wait_metric("limen_options_answered_total", 1)
