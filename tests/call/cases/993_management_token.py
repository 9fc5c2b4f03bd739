# SPDX-License-Identifier: Apache-2.0
"""With a token, looking is free and changing needs it; pages of foreign sites get nothing. A reload changes the token."""
import json
import signal

CONFIG = {"manage": {"token": "sesame-sesame-sesame"}}
CDR = {"status": 200, "ended_by": "limen", "cause": "ended by operator"}


def run(t):
    a, b = t.talk()
    status, listed = t.limen.rpc("dlg.list")
    id = listed["result"]["calls"][0]["id"]
    for headers, want in (({"Authorization": "Bearer sesame-sesame-sesamf"}, 401), ({"Authorization": "Basic x"}, 401),
                          ({"Origin": "http://evil.example"}, 403), ({"Host": "evil.example:8080"}, 403),
                          ({"Host": None}, 403), ({"Content-Type": "text/plain"}, 415)):
        t.equal(t.limen.rpc("dlg.end_dlg", headers, id=id)[0], want, f"HTTP status with {headers}")
    t.equal(t.limen.rpc("dlg.end_dlg", id=id)[1]["error"]["code"], -32003, "code without the token")
    t.equal(t.limen.rpc("cfg.get", place="manage.token")[1]["result"], "(secret)", "the token, asked for")
    t.check("sesame" not in json.dumps(t.limen.rpc("cfg.get")[1]), "the token is shown")
    t.limen.config["manage"]["token"] = "open-open-open-open"
    t.limen.write_config()
    t.limen.signal(signal.SIGHUP)
    t.wait_log("reload done")
    t.equal(t.limen.rpc("dlg.end_dlg", {"Authorization": "Bearer sesame-sesame-sesame"}, id=id)[0], 401, "the old token")
    t.limen.command("call", "end", id)  # knows it from the configuration
    for x in (a, b):
        x.expect("BYE")
        x.ok()
