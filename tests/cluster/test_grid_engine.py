# SPDX-License-Identifier: BSD-3-Clause
"""mpiexec inside jobs of a real Grid Engine: proxies on this host are its children, on others a qrsh -inherit has each."""

import collections
import os
import shlex

import pytest

from conftest import MPIEXEC, Result, quoted
from processes import PATIENCE, until

SLOTS = 6  # of four hosts with two each, a slot a host at a time: two hosts have two


class Jobs:
    """Batch scripts of bash; $M is mpiexec, the test's directory their own, and where mpiexec runs is in the file master."""

    def __init__(self, manager, cwd):
        self.manager, self.cwd = manager, cwd

    def start(self, script):
        (self.cwd / "job").write_text(f"#!/bin/bash\nexport M={shlex.quote(str(MPIEXEC))}\nhostname >master\ncat $PE_HOSTFILE >slots\n"
                                      f"({quoted(script)})\necho $? >code.part\nmv code.part code\n")
        self.manager.ok("qsub", "-terse", "-cwd", "-o", "out", "-e", "err", "-pe", "mpi", SLOTS, "job", cwd=self.cwd)

    def result(self):
        until((self.cwd / "code").exists, 2 * PATIENCE)
        return Result(int((self.cwd / "code").read_text()), (self.cwd / "out").read_bytes(), (self.cwd / "err").read_bytes())

    def __call__(self, script):
        self.start(script)
        return self.result()

    def slots(self):
        return {host: int(n) for host, n, *_ in map(str.split, (self.cwd / "slots").read_text().splitlines())}

    def here(self, *ranks):
        until(lambda: all((self.cwd / f"here.{r}").exists() for r in ranks), 2 * PATIENCE)


@pytest.fixture
def jobs(grid_engine, tmp_path):
    return Jobs(grid_engine, tmp_path)


def test_a_job_has_all_ranks(jobs):
    """As many on each host as it has slots; fewer, and more; each below a shepherd of Grid Engine, whose child has it."""
    above = "p=$$; while [ $p -gt 1 ]; do ps -o comm= -p $p; p=$(ps -o ppid= -p $p); done"
    r = jobs(f"set -e; $M hostname; $M -n 1 hostname >one; $M -n {2 * SLOTS} hostname >more; $M sh -c '{above}' | grep -x sge_shepherd >above")
    slots = jobs.slots()
    assert r.code == 0 and r.err == "" and sorted(slots.values()) == [1, 1, 2, 2], r
    assert collections.Counter(r.lines) == slots, r
    assert (jobs.cwd / "one").read_text() == next(iter(slots)) + "\n"
    assert collections.Counter((jobs.cwd / "more").read_text().split()) == {host: 2 * n for host, n in slots.items()}
    assert (jobs.cwd / "above").read_text().count("sge_shepherd") == SLOTS


def test_data_and_an_exit_status(jobs):
    """Through qrsh, more than it takes at once; the last rank is not where mpiexec is."""
    data = os.urandom(1 << 20)
    (jobs.cwd / "data").write_bytes(data)
    last = SLOTS - 1
    r = jobs(f"$M --stdin {last} -n {SLOTS} sh -c 'test $PMI_RANK != {last} || exec cat' <data >back;"
             f"$M sh -c 'test $PMI_RANK != {last} || exit 7; exec sleep 1000'")
    assert (jobs.cwd / "back").read_bytes() == data
    assert r.code == 7 and f"rank {last} on " in r.err and "exited with code 7" in r.err, r


WAIT = "$M sh -c ': > here.$PMI_RANK; exec sleep 1000'"


def test_a_deleted_job_leaves_nothing(jobs):
    jobs.start(WAIT)
    jobs.here(*range(SLOTS))
    assert jobs.manager.rig.left()
    jobs.manager.ok("qdel", "-u", "root")
    until(lambda: not jobs.manager.rig.left(), 2 * PATIENCE)


def test_a_host_that_is_cut_off(jobs):
    """mpiexec says so, and the job ends; what was on the host ends by itself."""
    jobs.start(WAIT.replace("$M", "$M --heartbeat 3"))
    jobs.here(*range(SLOTS))
    master = (jobs.cwd / "master").read_text().strip()
    lost = next(host for host in jobs.slots() if host != master)
    jobs.manager.rig.cut(lost)
    r = jobs.result()
    assert r.code != 0 and f"the proxy on {lost} is gone (nothing was heard from it for " in r.err, r
