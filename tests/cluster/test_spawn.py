# SPDX-License-Identifier: BSD-3-Clause
"""Spawn on other machines: those of the job, and those that it did not have."""

import os
import pathlib
import signal
import sys

import pytest

from conftest import on_runtime

PMI = pathlib.Path(__file__).resolve().parents[1] / "pmi"

CHILD = """
import os, socket, sys
sys.path.insert(0, {pmi!r})
from rawpmi import *
p = Pmi1().init()
p.put(f"on{{RANK}}", socket.gethostname())
p.barrier()
if RANK == 0:
    say(*(p.get(f"on{{i}}") for i in range(SIZE)))
p.barrier()
{more}
p.finalize()
"""


def spawner(directory, *spawns, more="", then=""):
    """The words for a program that spawns (n, info...) in turn and shows what is not as it should be."""
    (directory / "child.py").write_text(CHILD.format(pmi=str(PMI), more=more))
    (directory / "parent.py").write_text(f"""
import sys, time
sys.path.insert(0, {str(PMI)!r})
from rawpmi import *
p = Pmi1().init()
for n, *infos in {spawns!r}:
    answer = p.spawn(("/usr/bin/python3", n, ["-S", {str(directory / "child.py")!r}], infos))
    if answer != "cmd=spawn_result rc=0 errcodes=" + ",".join(["0"] * n):
        say(answer)
{then}
p.finalize()
""")
    return ["/usr/bin/python3", "-S", directory / "parent.py"]


def test_on_the_jobs_hosts(mpiexec):
    r = mpiexec.ok("--hosts", "h1:1,h2:2", "-n", 1, *spawner(mpiexec.cwd, (2,), (1, ("host", "h2"))))
    assert sorted(r.lines) == ["0: h2", "0: h2 h2"] and r.err == "", r


def test_on_hosts_that_the_job_did_not_have(mpiexec):
    """Twice: the second time they are there."""
    spawns = [(2, ("host", "h2:1,h3:1"))] * 2 + [(1, ("add-host", "h4"), ("host", "h4"))]
    r = mpiexec.ok("--hosts", "h1", "-n", 1, *spawner(mpiexec.cwd, *spawns))
    assert sorted(r.lines) == ["0: h2 h3", "0: h2 h3", "0: h4"] and r.err == "", r


@pytest.mark.parametrize("launcher", ["ssh", "ssh-exec", None])
def test_from_a_job_of_this_machine_alone(mpiexec):
    r = mpiexec.ok("-n", 1, *spawner(mpiexec.cwd, (1, ("host", "h2")), (2, ("host", "h2,h3"))))
    assert sorted(r.lines) == ["0: h2", "0: h2 h3"] and r.err == "", r


def test_hosts_that_cannot_be_reached(mpiexec, rig):
    rig.hosts["h2"].sshd(False)
    spawns = [(1, ("host", "h77")), (1, ("host", "h2")), (1, ("host", "h3"))]
    r = mpiexec.ok("-n", 1, *spawner(mpiexec.cwd, *spawns))
    assert len(r.lines) == 3 and "0: h3" in r.lines and r.err == "", r
    assert any("rc=1 msg=host_h77:_unable_to_" in line for line in r.lines), r
    assert any("rc=1 msg=host_h2:_unable_to_connect" in line and "refused" in line for line in r.lines), r


def test_a_host_that_could_not_be_reached_is_tried_again(mpiexec, rig):
    rig.hosts["h2"].sshd(False)
    again = """
say("down")
sys.stdin.readline()
answer = p.spawn(("/usr/bin/python3", 1, ["-S", sys.argv[0].replace("parent", "child")], [("host", "h2")]))
"""
    p = mpiexec.start("-n", 1, *spawner(mpiexec.cwd, (1, ("host", "h2")), then=again))
    assert b"rc=1" in p.stdout.readline() and p.stdout.readline() == b"0: down\n"
    rig.hosts["h2"].sshd(True)
    out, err = p.communicate(b"go\n", timeout=90)
    assert p.returncode == 0 and out == b"0: h2\n", err


def test_all_ends_with_a_signal(mpiexec):
    """What is left on hosts fails the test."""
    p = mpiexec.start("-n", 1, *spawner(mpiexec.cwd, (2, ("host", "h2,h3")), more="import time; time.sleep(1000)"))
    assert p.stdout.readline() == b"0: h2 h3\n"
    os.kill(mpiexec.pid(p), signal.SIGTERM)
    out, err = p.communicate(timeout=90)
    assert p.returncode == 143, err


def test_a_host_that_came_later_is_cut_off(mpiexec, rig):
    p = mpiexec.start("--heartbeat", "2", "-n", 1, *spawner(mpiexec.cwd, (1, ("host", "h2")),
                                                           more="import time; time.sleep(1000)", then="time.sleep(1000)"))
    assert p.stdout.readline() == b"0: h2\n"
    rig.cut("h2")
    out, err = p.communicate(timeout=90)
    assert p.returncode != 0 and b"the proxy on h2 is gone" in err, err
    rig.mend("h2")


FAMILY = """
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    MPI_Comm parent, all, children;
    MPI_Info info;
    char host[64];
    int rank, sum, codes[2];
    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    gethostname(host, sizeof host);
    if (parent == MPI_COMM_NULL) {
        MPI_Info_create(&info);
        MPI_Info_set(info, "host", argv[1]);
        MPI_Comm_spawn(argv[0], argv + 1, 2, info, 0, MPI_COMM_WORLD, &children, codes);
        MPI_Info_free(&info);
        parent = children;
        MPI_Intercomm_merge(parent, 0, &all);
    } else {
        MPI_Intercomm_merge(parent, 1, &all);
    }
    MPI_Comm_rank(all, &rank);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, all);
    printf("%d of %s: %d\\n", rank, host, sum);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    return 0;
}
"""


def test_our_library_meets_children_on_a_host_that_came_later(mpiexec, programs):
    r = mpiexec.ok("--hosts", "h1", "-n", 1, on_runtime(programs, FAMILY), "h2,h3")
    assert sorted(r.lines) == ["0 of h1: 3", "1 of h2: 3", "2 of h3: 3"], r


def test_within_a_job_of_slurm(jobs):
    words = " ".join(map(str, spawner(jobs.cwd, (2, ("host", "h2:1,h3:1")), (1, ("host", "h4")))))
    r = jobs.ok(f"$M -n 1 {words}", "-N3", "-n3", "-w", "h1,h2,h3")
    assert len(r.lines) == 2 and "0: h2 h3" in r.lines, r
    assert any("host_h4_is_not_one_of_this_run's" in line for line in r.lines), r
