#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""layers: does every room include only what it may? The link would not show a header used the wrong way round."""
import re
import subprocess
import sys

MAY = {  # room -> rooms whose headers it may include, besides its own
    "base": [],
    "sdp": ["base"],
    "media": ["base"],
    "config": ["base"],
    "sbc/sip": ["base", "config"],
    "sbc/border": ["base", "config", "sbc/sip"],
    "sbc/store": ["base"],
    "sbc/location": ["base", "config", "sbc/sip", "sbc/border", "sbc/store"],
    "sbc/pass": ["base", "config", "sbc/sip", "sbc/border", "sbc/location", "sbc/store"],
    "sbc/call": ["base", "config", "sbc/sip", "sbc/border", "sbc/location", "sdp", "media", "sbc/store"],
    "sbc/manage": ["base", "config", "sbc/sip", "sbc/border", "sbc/location", "sbc/call", "media", "sdp", "sbc/store"],
}
LIBRARIES = {  # header prefix -> the rooms that may see it
    "sofia-sip/": ["sbc/sip"],
    "jansson.h": ["config", "sbc/manage", "sbc"],
    "pcre2.h": ["config"],
    "uv.h": ["sbc/sip", "sbc/manage", "sbc"],
    "ares.h": ["sbc/sip"],
    "sqlite3.h": ["sbc/store"],
    "openssl/": ["sbc/sip", "sbc/border", "media"],
    "libwebsockets.h": ["sbc/manage"],
}


def room_of(path):
    for room in sorted(MAY, key=len, reverse=True):
        if path.startswith(room + "/"):
            return room
    return "sbc" if path.startswith("sbc/") else None


def main():
    bad = 0
    files = subprocess.run(["git", "ls-files", "*.c", "*.h"], capture_output=True, text=True, check=True).stdout.split()
    for path in files:
        room = room_of(path)
        if room is None:
            continue
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            own = re.match(r'#include "([^"]+)"', line)
            library = re.match(r"#include <([^>]+)>", line)
            if own and room != "sbc":
                other = room_of(own.group(1))
                if other is not None and other != room and other not in MAY[room]:
                    print(f"{path}:{number}: {room} must not use {other}")
                    bad += 1
            if library:
                for prefix, rooms in LIBRARIES.items():
                    if library.group(1).startswith(prefix) and room not in rooms:
                        print(f"{path}:{number}: {room} must not see <{library.group(1)}>")
                        bad += 1
    return 1 if bad else 0


sys.exit(main())
