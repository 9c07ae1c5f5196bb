# SPDX-License-Identifier: BSD-3-Clause
"""Processes of one job, found in /proc by an environment variable that only that job has."""

import os
import time
import uuid


class Marked:
    """env: give it to mpiexec; pids(): everything alive that has it, in whatever session, but mpiexec itself."""

    def __init__(self):
        self.name = "TEST_MARK_" + uuid.uuid4().hex
        self.env = {self.name: "1"}

    def pids(self, name=None):
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{p}/environ", "rb") as f:
                    mine = self.name.encode() in f.read()
                if mine and state(p) != "Z" and (name is None or comm(p) == name):
                    found.append(int(p))
            except OSError:
                pass
        return sorted(found)

    def wait(self, count, name=None, seconds=10):
        """Until at least so many processes of that name are there."""
        return until(lambda: (v := self.pids(name)) and len(v) >= count and v, seconds)

    def wait_none(self, seconds=1.0, but=()):
        """Asserts that none is left within the time."""
        end = time.monotonic() + seconds
        while (left := [p for p in self.pids() if p not in but]) and time.monotonic() < end:
            time.sleep(0.01)
        assert not left, [(p, cmdline(p), state(p)) for p in left]


def until(fn, seconds=10):
    end = time.monotonic() + seconds
    while not (value := fn()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return value


def stat(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()


def state(pid):
    try:
        return stat(pid)[0]
    except OSError:
        return "Z"


def cpu_seconds(pid):
    s = stat(pid)
    return (int(s[11]) + int(s[12])) / os.sysconf("SC_CLK_TCK")


def comm(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return f.read().replace("\0", " ").strip()
    except OSError:
        return "?"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


def proxies(pid):
    """The proxies below this process, nearest first."""
    found = [p for p in children(pid) if comm(p) == "muster-proxy"]
    return found + [q for p in found for q in proxies(p)]
