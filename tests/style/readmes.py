#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""readmes: does every source file stand in its folder's README, does every file exist that a README names, and every test and case
that one points to?

Names stand in backticks or bold, `like.c`, `this`, or `*` and `<this>` for anything; a name without ending stands for all of
its endings, a source file for the header of its name. They are looked for from the root and from the README's folder."""
import fnmatch
import os
import re
import subprocess
import sys

CODE = (".c", ".h", ".py", ".pl", ".sh")
FILE = re.compile(r"[\w./*-]+\.(c|h|py|pl|sh|md|json|xml|txt|cfg|build)$")
TEST = re.compile(r"(?:test|[sc])_[a-z0-9_*]+$")
# One behaviour a file, which the file names: their folder's README speaks of them as a whole.
NOT_LISTED = ("tests/unit/", "tests/fuzz/fuzz_", "tests/call/cases/", "tests/call/lib/__init__", "tests/clients/lib/__init__")


class Readme:
    def __init__(self, path):
        self.path, self.folder = path, os.path.dirname(path)
        # config/README.md ends with what is made from its tables
        self.text = open(path, encoding="utf-8").read().split("<!-- keys")[0]
        quoted = re.findall(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*", self.text)
        words = (w.rstrip(".:;()") for pair in quoted for w in re.split(r"[\s,]+", pair[0] or pair[1]))
        self.words = {re.sub(r"<\w+>|NNN", "*", w) for w in words}

    def names(self, path):
        own = os.path.relpath(path, self.folder or ".")
        stem = os.path.splitext(own)[0]
        forms = {f for long in (own, stem, stem + ".c") for f in (long, os.path.basename(long))}
        return any(fnmatch.fnmatch(form, word) for form in forms for word in self.words)

    def cases(self):
        """Numbers after "tests/call": 115, 629 to 633, 2xx."""
        for listed in re.findall(r"tests/call ((?:\d+x*(?:, | to |, and )?)+)", self.text):
            yield from re.findall(r"\d+x*", listed)


def unit_tests(files):
    found = set()
    for path in (f for f in files if f.startswith("tests/unit/") and f.endswith((".c", ".h"))):
        room, stem = path.split("/")[2], os.path.splitext(os.path.basename(path))[0]
        found |= {stem, stem.replace("test_", f"test_{room}_", 1)}
        found |= set(re.findall(r"^static (?:inline )?void (\w+)\(void \*\*", open(path, encoding="utf-8").read(), re.M))
    return found


def main():
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split()
    readmes = {os.path.dirname(f): Readme(f) for f in files if os.path.basename(f) == "README.md"}
    tests = unit_tests(files)
    numbers = {m.group(1) for f in files if (m := re.match(r"tests/call/cases/(\d+)_", f))}
    faults = []

    for path in files:
        folder = os.path.dirname(path)
        while folder not in readmes:
            folder = os.path.dirname(folder)
        if path.endswith(CODE) and not path.startswith(NOT_LISTED) and not readmes[folder].names(path):
            faults.append(f"{readmes[folder].path}: says nothing of {path}")
    for readme in readmes.values():
        for word in sorted(readme.words):
            roots = (word, os.path.join(readme.folder, word), "*/" + word)
            if FILE.match(word) and not any(fnmatch.fnmatch(f, root) for f in files for root in roots):
                faults.append(f"{readme.path}: there is no file {word}")
            if TEST.match(word) and not any(fnmatch.fnmatch(t, word) for t in tests):
                faults.append(f"{readme.path}: there is no test {word}")
        for number in readme.cases():
            if not any(re.fullmatch(number.replace("x", r"\d"), n) for n in numbers):
                faults.append(f"{readme.path}: there is no case {number}")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
