# SPDX-License-Identifier: Apache-2.0
"""Commands that are used wrongly say how they are used, those that find nothing say so; the exit status tells which."""
CDR = []
ROWS = (
    (("call",), 2, "limen call show"),
    (("call", "lists"), 2, 'no command "call lists"'),
    (("call", "list", "all"), 2, "it is limen call list [--limit N]"),
    (("call", "list", "--limit", "many"), 2, "--limit wants a number"),
    (("call", "list", "--everything"), 2, "no such option, or no value with it: --everything"),
    (("call", "show"), 2, "it is limen call show ID..."),
    (("call", "end", "--json"), 2, "it is limen call end ID..."),
    (("reg", "show", "a@x", "b@x"), 2, "it is limen reg show AOR"),
    (("reg", "remove"), 2, "it is limen reg remove AOR"),
    (("reg", "show", "--connect", "nowhere", "a@x"), 2, "--connect wants address:port"),
    (("call", "show", "nobody's"), 1, "no id of a call"),
    (("reg", "show", "nobody@x.example"), 1, "nobody of this name is registered"),
    (("call", "list", "--connect", "127.0.0.1:1"), 3, "is Limen running"),
    (("call", "show", "--help"), 0, "Exit status"),
    (("reg", "help"), 0, "Exit status"),
    (("help", "reg"), 0, "limen reg remove"),
    (("help", "explain"), 0, "--source ADDRESS"),
    (("help", "calls"), 2, 'no command "calls"'),
    (("calls",), 2, 'no command "calls"'),
    (("explain", "--from", "1", "--to", "2"), 2, "no such option, or no value with it: --config"),
    (("run",), 2, 'run has no option "--config"'),
)


def run(t):
    for args, status, words in ROWS:
        said = t.limen.command(*args, status=status)
        t.check(words in said, f"limen {' '.join(args)} says {said!r}")
