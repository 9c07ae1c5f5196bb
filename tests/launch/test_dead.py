# SPDX-License-Identifier: BSD-3-Clause
"""A rank that dies while others need it in MPI, and the job goes on without it (--no-kill)."""

import os
import pathlib
import re
import signal

import pytest

from conftest import PATIENCE, on_runtime, runtime_program
from processes import children, proxies, until

SOURCE = (pathlib.Path(__file__).parent / "dead.c").read_text()
SCENARIOS = re.findall(r"\bS\((\w+)\)", SOURCE)


@pytest.fixture(scope="session")
def dead(programs):
    return runtime_program(programs, "dead.c")


@pytest.mark.parametrize("n", [2, 4, 8])
@pytest.mark.parametrize("what", SCENARIOS)
def test_the_others_get_an_error(mpiexec, dead, what, n):
    r = mpiexec("--no-kill", "-n", str(n), dead, what)
    assert r.out.splitlines() == ["fine"] * (n - 1), r
    assert r.code == 137 and "muster:" not in r.err, r


@pytest.mark.parametrize("hosts, n", [("a,b", 2), ("a,b", 4), ("a,b,c,d", 4)])
@pytest.mark.parametrize("what", SCENARIOS)
def test_over_nodes(mpiexec, dead, what, hosts, n):
    """Its connections end, and the proxies tell of it: whichever comes first."""
    r = mpiexec("--no-kill", "--hosts", hosts, "--ppn", str(n // (1 + hosts.count(","))), "-n", str(n), dead, what)
    assert r.out.splitlines() == ["fine"] * (n - 1), r
    assert r.code == 137 and "muster:" not in r.err, r


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("what", ["win_lock", "win_readers", "win_fence", "win_group", "win_gets", "win_puts", "win_long"])
def test_windows_by_messages(mpiexec, dead, what, n):
    r = mpiexec("--no-kill", "-n", str(n), "-genv", "MUSTER_RMA_DIRECT", "1", dead, what)
    assert r.out.splitlines() == ["fine"] * (n - 1), r
    assert r.code == 137 and "muster:" not in r.err, r


@pytest.mark.parametrize("hosts", ["a,b", "a,b,c,d"])
@pytest.mark.parametrize("what", ["win_gets", "win_puts", "win_long", "strided_middle"])
def test_what_goes_between_nodes(mpiexec, dead, what, hosts):
    n = 1 + hosts.count(",")
    r = mpiexec("--no-kill", "--hosts", hosts, "--ppn", "1", "-n", str(n), dead, what)
    assert r.out.splitlines() == ["fine"] * (n - 1), r
    assert r.code == 137 and "muster:" not in r.err, r


@pytest.mark.parametrize("what", ["recv_named", "barrier", "allreduce_long", "iallreduce"])
def test_also_who_sleeps(mpiexec, dead, what):
    r = mpiexec("--no-kill", "-n", "4", dead, what, "2")
    assert r.out.splitlines() == ["fine"] * 3, r


@pytest.mark.parametrize("n", ["4"])
@pytest.mark.parametrize("what", ["recv_named", "send_long", "barrier", "allreduce", "allreduce_long", "alltoall"])
def test_without_single_copy(mpiexec, dead, what, n):
    r = mpiexec("--no-kill", "-n", n, "-genv", "MUSTER_SHM_COPY", "two", dead, what)
    assert r.out.splitlines() == ["fine"] * (int(n) - 1), r


def proxy_of(mpiexec_pid, rank):
    """The one above that rank."""
    for p in proxies(mpiexec_pid):
        for child in children(p):
            if f"PMI_RANK={rank}".encode() in pathlib.Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
                return p
    return None


@pytest.mark.parametrize("what", ["recv_named", "recv_any", "send_many", "barrier", "allreduce_long", "win_lock"])
def test_a_proxy_dies_with_its_rank(mpiexec, dead, what):
    p = mpiexec.start("--no-kill", "--hosts", "a,b,c", "--ppn", "1", "-n", "3", dead, what, "1000", "lives")
    until((mpiexec.cwd / "lives").exists)
    os.kill(proxy_of(p.pid, 2), signal.SIGKILL)
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert out == b"fine\n" * 2 and p.returncode == 1, (out, err)


FAR = r"""
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

/* The last rank, on another node, is killed, or was never started. Says what rank 0 is told once the news has come. */
int main(int argc, char **argv)
{
    int rank, size, rc, class, length;
    char text[MPI_MAX_ERROR_STRING];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (rank == size - 1 && argc == 1)
        _exit(9);
    for (int i = 0; rank == 0 && i < 6000; i++) {
        rc = MPI_Send(&rank, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD);
        MPI_Error_class(rc, &class);
        if (class == MPI_ERR_PROC_ABORTED)
            break;
        usleep(10000);
        int flag;
        MPI_Iprobe(0, 0, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE); /* polls */
    }
    if (rank == 0) {
        MPI_Error_class(MPI_Barrier(MPI_COMM_WORLD), &rc);
        MPI_Error_string(class, text, &length);
        printf("%s, %d\n", text, rc == class);
    }
    MPI_Finalize();
    return 0;
}
"""


@pytest.mark.parametrize("radix", ["8", "1"])
@pytest.mark.parametrize("missing", [False, True])
def test_ranks_of_other_nodes_learn_of_it(mpiexec, programs, missing, radix):
    program = on_runtime(programs, FAR)
    end = ["/no/such/program"] if missing else [program]
    more = ["x"] if missing else []
    r = mpiexec("--no-kill", "--radix", radix, "--hosts", "a,b,c", "--ppn", "1", "-n", "2", program, *more, ":",
                "-n", "1", *end)
    assert re.fullmatch(r"MPI_ERR_PROC_ABORTED: .*, 1\n", r.out), r
    assert r.code == (127 if missing else 9), r


@pytest.mark.parametrize("hosts", ["a", "a,b"])
def test_nobody_waits_for_a_rank_that_could_not_be_started(mpiexec, programs, hosts):
    """Three ranks need a fourth, whose program is missing."""
    barrier = on_runtime(programs, """
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    int class;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Error_class(MPI_Barrier(MPI_COMM_WORLD), &class);
    printf("%d\\n", class == MPI_ERR_PROC_ABORTED || class == MPI_ERR_UNSUPPORTED_OPERATION);
    MPI_Finalize();
    return 0;
}
""")
    r = mpiexec("--no-kill", "--hosts", hosts, "-n", "1", "/no/such", ":", "-n", "3", barrier)
    assert r.out.splitlines() == ["1"] * 3 and r.code == 127, r
