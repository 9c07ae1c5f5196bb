# SPDX-License-Identifier: BSD-3-Clause
"""Ranks on other machines: where they run, what they find there, what goes in and comes out, and how all of it ends."""

import os
import signal

from processes import HERE, until


def test_ranks_run_on_their_hosts(mpiexec):
    r = mpiexec.ok("--hosts", "h1:1,h2:2", "-n", 3, "hostname")
    assert sorted(r.lines) == ["h1", "h2", "h2"] and r.err == "", r


def test_this_machine_needs_no_ssh(mpiexec, rig):
    r = mpiexec.ok("--hosts", "front,h1", "-n", 2, "hostname", env={"PATH": "/usr/bin:/bin"})
    assert sorted(r.lines) == ["front", "h1"]


def test_a_rank_finds_directory_environment_and_arguments(mpiexec, tmp_path):
    odd = "a b'c\"d$e\n\\f!*\xe4"
    r = mpiexec.ok("--hosts", "h2", "-n", 1, "sh", "-c", 'pwd; printf %s "$ODD"; printf %s "$1"; printf %s "$PMI_SIZE"', "sh", odd,
                   env={"ODD": odd})
    assert r.out == f"{tmp_path}\n{odd}{odd}1"


def test_a_directory_that_a_host_has_not_is_named(mpiexec, rig):
    for h in ("front", "h1"):
        (rig.front if h == "front" else rig.hosts[h]).run("mkdir", "/dev/shm/only")
    r = mpiexec("--hosts", "h1,h2", "-n", 2, "true", cwd="/dev/shm/only")
    assert r.code == 1 and "on h2 was not started: unable to change to the directory /dev/shm/only: No such file" in r.err, r
    for h in ("front", "h1"):
        (rig.front if h == "front" else rig.hosts[h]).run("rmdir", "/dev/shm/only")


def test_stdin_and_stdout_pass_byte_for_byte(mpiexec):
    data = os.urandom(3 << 20)
    r = mpiexec("--hosts", "h1,h2", "--map-by", "node", "--stdin", 1, "-n", 2, "sh", "-c", "[ $PMI_RANK = 0 ] || exec cat", stdin=data)
    assert r.code == 0 and r.out_bytes == data


def test_the_first_failure_is_the_exit_status(mpiexec):
    r = mpiexec("--hosts", "h1,h2", "-n", 2, "sh", "-c", "[ $PMI_RANK = 0 ] && exec sleep 1000; exit 3")
    assert r.code == 3 and "on h2 (pid" in r.err and "exited with code 3" in r.err, r


def test_ctrl_c_ends_the_job(mpiexec, rig):
    p = mpiexec.start("--hosts", "h1,h2", "-n", 2, "sh", "-c", f"{HERE} exec sleep 1000")
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    os.kill(mpiexec.pid(p), signal.SIGINT)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 130 and b"ended by SIGINT" in err, err


def test_mpiexec_killed_leaves_nothing(mpiexec, rig):
    """Nor what has left its session, and a shell that takes no signal."""
    script = f"trap '' TERM HUP INT; setsid sleep 1000 & {HERE} while :; do sleep 1000; done"
    p = mpiexec.start("--hosts", "h1,h2", "-n", 2, "sh", "-c", script)
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    assert set(rig.left()) >= {"h1", "h2"}
    os.kill(mpiexec.pid(p), signal.SIGKILL)
    p.communicate(timeout=60)
    until(lambda: not rig.left())


SUM = """
#include <mpi.h>
#include <stdio.h>
int main(void) {
    int r, n, x = 0, len; char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Init(0, 0);
    MPI_Comm_rank(MPI_COMM_WORLD, &r);
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    MPI_Allreduce(&r, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Sendrecv(&r, 1, MPI_INT, (r + 1) % n, 0, &len, 1, MPI_INT, (r + n - 1) % n, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Get_processor_name(host, &r);
    printf("%s %d %d\\n", host, x, len);
    MPI_Finalize();
}
"""


def test_mpich_over_its_own_network(mpiexec, mpicc):
    """One rank a host. MPICH 4.0 hangs in MPI_Finalize at times, one of its ranks polling for ever, under its own mpiexec
    too: then once more; and less often where ranks take turns on one core."""
    program = mpicc(SUM)
    for _ in range(4):
        r = mpiexec("--timeout", 30, "--bind-to", "core", "--hosts", "h1,h2,h3", "-n", 3, program)
        if r.code != 124:
            break
    assert r.code == 0, r
    assert sorted(r.lines) == ["h1 3 2", "h2 3 0", "h3 3 1"], r
