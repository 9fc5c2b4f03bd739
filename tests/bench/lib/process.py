# SPDX-License-Identifier: Apache-2.0
"""Processes that the bench starts: CPU time and memory of their whole tree, and their sure end."""
import os
import signal
import subprocess
import time

_running = []


class BenchError(Exception):
    """A measurement that could not be made."""


def start(argv, log=None, cpu=None, **more):
    """Starts argv with its output in the file `log`; on one processor if `cpu` says which."""
    if cpu is not None:
        argv = ["taskset", "-c", str(cpu)] + list(argv)
    out = open(log, "w") if log else subprocess.DEVNULL
    more.setdefault("stdin", subprocess.DEVNULL)
    more.setdefault("stdout", out)
    # a session of its own: ^C at the terminal comes to the bench alone, which then ends things in order
    p = subprocess.Popen(argv, stderr=out, start_new_session=True, **more)
    if log:
        out.close()
    _running.append(p)
    return p


def stop(p, grace=10, sig=signal.SIGTERM):
    """Ends p: by sig, and if that is not heeded in `grace` seconds, its whole tree by SIGKILL."""
    if p.poll() is None:
        p.send_signal(sig)
        try:
            p.wait(grace)
        except subprocess.TimeoutExpired:
            for pid in tree(p.pid):
                _kill(pid)
            p.wait()
    if p in _running:
        _running.remove(p)


def kill(p):
    stop(p, sig=signal.SIGKILL)


def stop_all():
    while _running:
        stop(_running[-1], grace=5)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_exit(p, seconds):
    """The exit status, or None when p still runs."""
    try:
        status = p.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    if p in _running:
        _running.remove(p)
    return status


def until(what, seconds, fn):
    """Waits until fn() is true."""
    end = time.monotonic() + seconds
    while not fn():
        if time.monotonic() > end:
            raise BenchError("%s: not within %g s" % (what, seconds))
        time.sleep(0.05)


def tree(pid):
    """pid and all its descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as f:
                text = f.read()
        except OSError:
            continue
        parent = int(text[text.rindex(")") + 2:].split()[1])
        children.setdefault(parent, []).append(int(name))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def _thread_seconds(path):
    try:
        with open(path) as f:
            return int(f.read().split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0  # ended meanwhile


def cpu_seconds(pids):
    """Time on a processor of all threads, by the scheduler's own account."""
    total = 0.0
    for pid in pids:
        try:
            threads = os.listdir("/proc/%d/task" % pid)
        except OSError:
            continue
        total += sum(_thread_seconds("/proc/%d/task/%s/schedstat" % (pid, t)) for t in threads)
    return total


def _idle_seconds():
    with open("/proc/stat") as f:
        words = f.readline().split()
    return (int(words[4]) + int(words[5])) / os.sysconf("SC_CLK_TCK")


class Others:
    """How busy others keep the machine during a measurement."""

    def __init__(self):
        self.begun, self.idle = time.monotonic(), _idle_seconds()

    def percent(self, own_cpu_seconds):
        """Of the machine's time, without what the measurement itself is known to have used."""
        there = os.cpu_count() * (time.monotonic() - self.begun)
        return max(0, round(100 * (there - (_idle_seconds() - self.idle) - own_cpu_seconds) / there))


def pss_bytes(pids):
    """Proportional set size: shared pages are counted once over all processes. Kernel memory is not in it."""
    total = 0
    for pid in pids:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total * 1024
