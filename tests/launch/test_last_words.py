# SPDX-License-Identifier: BSD-3-Clause
"""What ranks on our own runtime have printed without fflush: it is seen while they run, and not lost with them."""

import signal

import pytest

from conftest import on_runtime
from processes import tell

PROGRAM = r"""
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>
const char *__asan_default_options(void)
{
    return "detect_leaks=0:handle_segv=0:handle_abort=0";
}
int main(int argc, char **argv)
{
    int rank, none;
    static char own[100000];
    if (strcmp(argv[1], "buffer") == 0)
        setvbuf(stdout, own, _IOFBF, sizeof own);
    printf("before\n");
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (strcmp(argv[1], "buffer") == 0 || strcmp(argv[1], "none") == 0) {
        MPI_Finalize();
        return __flbf(stdout) ? 5 : 0;
    }
    printf("rank %d: line\n", rank);
    if (rank == 0) {
        printf("rank 0: half");
        MPI_Recv(&none, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    while (access("go", F_OK) != 0)
        usleep(10000);
    printf("rank %d: rest", rank);
    if (strcmp(argv[1], "abort") == 0)
        MPI_Abort(MPI_COMM_WORLD, 3);
    if (strcmp(argv[1], "killed") == 0)
        raise(SIGKILL);
    MPI_Send(&none, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
"""


@pytest.fixture(scope="session")
def program(programs):
    return on_runtime(programs, PROGRAM)


def started(mpiexec, *args):
    """A job of which rank 0 waits for rank 1, which waits for the test; what it has shown until then is with it."""
    p = mpiexec.start("-n", "2", *args)
    p.shown = b""
    while p.shown.count(b"\n") < 4 or b"half" not in p.shown:
        more = p.stdout.read1(4096)
        assert more, p.shown
        p.shown += more
    return p


@pytest.mark.parametrize("how, status, rest", [("abort", 3, b"rank 1: rest"), ("killed", 137, b""), ("well", 0, b"rank 1: rest")])
def test_lines_are_seen_at_once_and_half_ones_by_the_next_wait(mpiexec, program, how, status, rest):
    p = started(mpiexec, program, how)
    tell(mpiexec.cwd, "go")
    out, err = p.communicate(timeout=90)
    assert p.returncode == status, err
    assert sorted((p.shown + out).replace(b"rank 0: half", b"").split(b"\n")[:4]) == \
        [b"before", b"before", b"rank 0: line", b"rank 1: line"]
    assert rest in p.shown + out


def test_nothing_is_lost_when_the_job_is_ended(mpiexec, program):
    p = started(mpiexec, program, "waits")
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=90)
    assert p.returncode == 143, err


@pytest.mark.parametrize("what, status", [("buffer", 0), ("none", 5)])
def test_a_buffer_of_the_program_is_its_own(mpiexec, program, what, status):
    assert mpiexec("-n", "1", program, what).code == status
