# SPDX-License-Identifier: Apache-2.0
"""A shell's soft limit of descriptors is raised to the hard one, which is what `limen check` goes by."""
import resource

CDR = []
SOFT, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)


def CONFIG(t):
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, HARD))  # of this case's own process, and Limen's
    return {}


def run(t):
    want = 1 << 20 if HARD == resource.RLIM_INFINITY else min(HARD, 1 << 20)
    t.equal(t.metric("process_max_fds"), want, "descriptors that it may open")
