# SPDX-License-Identifier: BSD-3-Clause
"""Processes of one job, found in /proc by their descent and by an environment variable that only that job has; waiting
for events.

A test waits for the event that it needs, never for a time that is mostly enough: ranks tell of themselves by files in
the directory of the test (HERE, WAIT_FOR), what a kernel may need time for is asked for until it is so (until). What is
to happen at once has PATIENCE, which no busy machine uses up, and what must not be waited for instead takes FOREVER.
"""

import ctypes
import os
import time
import uuid

PR_SET_CHILD_SUBREAPER = 36
# Who loses all its ancestors becomes a child of the tests, and so cannot hide by another environment or session.
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

SANITIZED = "MUSTER_TEST_SANITIZERS" in os.environ
PATIENCE = 90 if SANITIZED else 45
FOREVER = 1000

# In the shell: this rank is here; wait for files of these names; until the test says go (tell).
HERE = ": > here.$PMI_RANK;"


def wait_for(*names):
    return " ".join(f"until [ -e {n} ]; do sleep 0.02; done;" for n in names)


def wait_for_ranks(*ranks):
    return wait_for(*(f"here.{r}" for r in ranks))


def wait_for_py(*names):
    """The same for a rank in Python."""
    return "".join(f"while not __import__('os').path.exists({n!r}): __import__('time').sleep(0.02)\n" for n in names)


def tell(directory, name):
    """Makes the file that somebody waits for."""
    (directory / name).touch()


def all_parents():
    """The parent of every process that is alive."""
    parents = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            s = stat(p)
        except OSError:
            continue
        if s[0] != "Z":
            parents[int(p)] = int(s[1])
    return parents


def descendants(parents, root):
    """Those below root, of these."""
    below, known = {root}, 0
    while len(below) != known:
        known = len(below)
        below |= {p for p, parent in parents.items() if parent in below}
    return below - {root}


def has_in_environment(pid, name):
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:
            return name.encode() in f.read()
    except OSError:
        return False


class Marked:
    """env: give it to mpiexec; pids(): everything alive that has it, in whatever session, and everything else that has
    come from the tests since, whatever it has made of its environment; but none of those that a test holds itself."""

    held = {}  # what a test has started itself, and waits for; when each began, since numbers are used again

    def __init__(self):
        self.name = "TEST_MARK_" + uuid.uuid4().hex
        self.env = {self.name: "1"}
        self.before = descendants(all_parents(), os.getpid())

    def pids(self, name=None):
        parents = all_parents()
        ours = descendants(parents, os.getpid()) - self.before
        return sorted(p for p in parents if (p in ours or has_in_environment(p, self.name)) and
                      self.held.get(p) != began(p) and state(p) != "Z" and (name is None or comm(p) == name))

    def wait(self, count, name=None, seconds=PATIENCE):
        """Until at least so many processes of that name are there."""
        end = time.monotonic() + seconds
        while len(found := self.pids(name)) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} {name}: {[(p, cmdline(p), state(p)) for p in self.pids()]}"
            time.sleep(0.01)
        return found

    def wait_none(self, seconds=PATIENCE):
        """Asserts that none is left within the time; 0: now, as it must be where mpiexec has ended by itself."""
        end = time.monotonic() + seconds
        while (left := self.pids()) and time.monotonic() < end:
            time.sleep(0.01)
        assert not left, [(p, cmdline(p), state(p)) for p in left]


def until(fn, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not (value := fn()):
        assert time.monotonic() < end, f"it did not happen in time; at last there was {value!r}"
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


def began(pid):
    """When a process began, in ticks: it and its number are unique. 0: it is gone."""
    try:
        return int(stat(pid)[19])
    except OSError:
        return 0


class Gone(Exception):
    """A process has ended that was to be looked at for a while."""


def cpu_seconds(pid):
    try:
        s = stat(pid)
    except OSError:
        raise Gone(pid) from None
    return (int(s[11]) + int(s[12])) / os.sysconf("SC_CLK_TCK")


def switches(pid):
    """How often it has begun to wait; None: it is not asleep."""
    if state(pid) == "Z":
        raise Gone(pid)
    try:
        with open(f"/proc/{pid}/status") as f:
            text = f.read()
    except OSError:
        raise Gone(pid) from None
    return text.split("voluntary_ctxt_switches:")[1].split()[0] if "State:\tS" in text else None


def at_rest(pids):
    """Until all of them sleep, and nothing has woken them for a while."""
    def quiet():
        before = [switches(p) for p in pids]
        time.sleep(0.1)
        return None not in before and before == [switches(p) for p in pids]
    until(quiet)


def rests(pids, seconds):
    """Once they have become quiet, processes use no more than two clock ticks of processor time in so many seconds.
    Gone: one of them ended meanwhile."""
    at_rest(pids)
    before = sum(map(cpu_seconds, pids))
    time.sleep(seconds)
    return sum(map(cpu_seconds, pids)) - before <= 2 / os.sysconf("SC_CLK_TCK")


def comm(pid):
    """Its name; "?" once it has gone, which any process but one that the test itself holds may do while it looks."""
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return "?"


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return f.read().replace("\0", " ").strip()
    except OSError:
        return "?"


def children(pid):
    """The processes that it has started and that are there now; none where it has gone itself."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def is_stopped(pid):
    """A shell that was about to start a program waits for it (vfork), and its own stop only comes after that."""
    return state(pid) == "T" or state(pid) == "D" and any(map(is_stopped, children(pid)))


def family(pid):
    """It and all processes below it, a line each, for who has to find out why a job does not go on."""
    wchan = ""
    try:
        with open(f"/proc/{pid}/wchan") as f:
            wchan = f.read().strip("0")
    except OSError:
        pass
    line = f"{pid} {state(pid)} {wchan or '-'} {cmdline(pid)[:100] or comm(pid)}"
    return "\n".join([line, *("  " + text for p in children(pid) for text in family(p).splitlines())])


def proxies(pid):
    """The proxies below this process, nearest first."""
    found = [p for p in children(pid) if comm(p) == "muster-proxy"]
    return found + [q for p in found for q in proxies(p)]
