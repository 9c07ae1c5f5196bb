# SPDX-License-Identifier: BSD-3-Clause
"""How programs on our own runtime end, as the person who runs mpiexec sees it."""

import re

import pytest

from conftest import on_runtime, runtime_program

PROGRAM = r"""
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* For a sanitizer: who never finalizes leaks, and that is not what is tested here. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void *hold(void *p)
{
    flockfile(stdout);
    flockfile(stderr);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    int rank, size, four[4] = {0};
    const char *what = argv[1];
    if (strcmp(what, "early") == 0)
        MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (strncmp(what, "without ", 8) == 0 && atoi(getenv("PMI_RANK")) == 1)
        return 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (strcmp(what, "all leave") == 0 || (strcmp(what, "one leaves") == 0 && rank == 1))
        exit(0);
    if (strcmp(what, "locked abort") == 0) {
        pthread_t t;
        pthread_create(&t, NULL, hold, NULL);
        sleep(1);
        MPI_Abort(MPI_COMM_WORLD, 3);
    }
    if (strcmp(what, "abort") == 0 && rank == 1)
        MPI_Abort(MPI_COMM_WORLD, atoi(argv[2]));
    if (strcmp(what, "bad rank") == 0 && rank == 1)
        MPI_Send(four, 1, MPI_INT, 99, 0, MPI_COMM_WORLD);
    if (strcmp(what, "bad type") == 0 && rank == 1)
        MPI_Send(four, 1, (MPI_Datatype)MPI_COMM_WORLD, 0, 0, MPI_COMM_WORLD);
    if (strcmp(what, "too long") == 0) {
        if (rank == 0)
            MPI_Send(four, 4, MPI_INT, 1, 0, MPI_COMM_WORLD);
        if (rank == 1)
            MPI_Recv(four, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    if (strncmp(what, "killed ", 7) == 0 && rank == 1) {
        usleep(300000);
        raise(SIGKILL);
    }
    if (strstr(what, " recv"))
        MPI_Recv(four, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (strstr(what, " any"))
        MPI_Recv(four, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (strstr(what, " allreduce"))
        MPI_Allreduce(&rank, four, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (strcmp(what, "appnum") == 0) {
        int *appnum, flag;
        MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &appnum, &flag);
        printf("%d %d\n", rank, flag ? *appnum : -1);
    }
    if (!strstr(what, " nothing"))
        MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    if (strcmp(what, "late") == 0 && rank == 1)
        MPI_Barrier(MPI_COMM_WORLD);
    return strcmp(what, "return 3") == 0 && rank == 1 ? 3 : 0;
}
"""


@pytest.fixture(scope="session")
def program(programs):
    return on_runtime(programs, PROGRAM)


def first_line(r):
    return next(line for line in r.err.splitlines() if line.startswith("mpiexec: "))


def test_all_is_well(mpiexec, program):
    r = mpiexec("-n", "3", program, "well")
    assert r.code == 0 and r.out == "" and r.err == "", r


@pytest.mark.parametrize("what", ["one leaves", "all leave"])
def test_leaving_without_finalize_ends_the_job(mpiexec, program, what):
    r = mpiexec("-n", "3", program, what)
    assert r.code == 1, r
    assert "exited with code 0 after MPI_Init, but without MPI_Finalize" in first_line(r), r


@pytest.mark.parametrize("call", ["recv", "any", "allreduce", "barrier"])
def test_a_rank_that_dies_takes_those_along_that_wait(mpiexec, program, call):
    r = mpiexec("-n", "4", program, f"killed {call}")
    assert r.code == 137 and "muster:" not in r.err, r
    assert re.match(r"mpiexec: rank 1 on \S+ \(pid \d+\) was killed by signal 9 ", first_line(r)), r
    assert "3 other ranks stopped because of it" in r.err, r


@pytest.mark.parametrize("call, name", [("recv", "Recv"), ("any", "Recv"), ("allreduce", "Allreduce"),
                                        ("barrier", "Barrier")])
def test_who_needs_a_rank_that_left_before_init_says_so(mpiexec, program, call, name):
    r = mpiexec("-n", "3", program, f"without {call}")
    assert r.code not in (0, 124), r
    assert re.search(r"^muster: rank [02] on \S+: MPI_%s on MPI_COMM_WORLD failed: MPI_ERR_PROC_ABORTED: .*: rank 1 of "
                     r"MPI_COMM_WORLD has ended without calling MPI_Init; aborting the job$" % name, r.err, re.M), r


def test_a_rank_without_mpi_that_nobody_needs(mpiexec, program):
    r = mpiexec.ok("-n", "3", program, "without nothing")
    assert r.err == "", r
    r = mpiexec.ok("-n", "1", "echo", "hello", ":", "-n", "2", program, "with nothing")
    assert r.out == "hello\n" and r.err == "", r


@pytest.mark.parametrize("code, status", [(17, 17), (256, 1), (-1, 255)])
def test_abort(mpiexec, program, code, status):
    r = mpiexec("-n", "3", program, "abort", str(code))
    assert r.code == status, r
    assert re.match(r"mpiexec: rank 1 on \S+ \(pid \d+\) called abort with code %d$" % code, first_line(r)), r
    assert re.search(r"^muster: rank 1 on \S+: MPI_Abort with code %d; aborting the job$" % code, r.err, re.M), r


def test_abort_waits_for_no_thread(mpiexec, program):
    r = mpiexec("-n", "2", program, "locked abort")
    assert r.code == 3 and re.search(r"^muster: rank \d on \S+: MPI_Abort with code 3; aborting the job$", r.err, re.M), r


@pytest.mark.parametrize("what, line", [
    ("bad rank", "MPI_Send on MPI_COMM_WORLD failed: MPI_ERR_RANK: invalid rank: dest is 99, and there are 2 ranks"),
    ("bad type", "MPI_Send on MPI_COMM_WORLD failed: MPI_ERR_TYPE: datatype is not a valid handle, or has been freed"),
    ("too long", "MPI_Recv on MPI_COMM_WORLD failed: MPI_ERR_TRUNCATE: received 16 bytes into 4, from 0, tag 0"),
    ("late", "MPI_Barrier called after MPI_Finalize"),
])
def test_an_error_that_is_fatal_says_where_and_why(mpiexec, program, what, line):
    r = mpiexec("-n", "2", program, what)
    assert r.code not in (0, 124), r
    assert re.search(r"^muster: rank 1 on \S+: %s; aborting the job$" % re.escape(line), r.err, re.M), r


@pytest.mark.parametrize("what, line", [
    ("recv_short", "MPI_Recv on MPI_COMM_WORLD failed: MPI_ERR_TRUNCATE: received 80 bytes into 40, from 1, tag 7"),
    ("recv_long", "MPI_Recv on MPI_COMM_WORLD failed: MPI_ERR_TRUNCATE: received 360000 bytes into 40, from 1, tag 7"),
    ("wait_late", "MPI_Wait on MPI_COMM_WORLD failed: MPI_ERR_TRUNCATE: received 80 bytes into 40, from 1, tag 7"),
    ("waitall", "MPI_Waitall on MPI_COMM_WORLD failed: MPI_ERR_IN_STATUS: request 0: MPI_ERR_TRUNCATE: received 80 bytes into 40, "
     "from 1, tag 7"),
    ("bcast_short", "MPI_Bcast on MPI_COMM_WORLD failed: MPI_ERR_TRUNCATE: received 80 bytes into 40"),
    ("ibcast_short", "MPI_Wait on MPI_COMM_WORLD failed: MPI_ERR_TRUNCATE: received 80 bytes into 40"),
    ("null", "MPI_Send on MPI_COMM_WORLD failed: MPI_ERR_BUFFER: buf is NULL"),
    ("bcast_null", "MPI_Bcast on MPI_COMM_WORLD failed: MPI_ERR_BUFFER: buffer is NULL"),
    ("in_place", "MPI_Send on MPI_COMM_WORLD failed: MPI_ERR_BUFFER: buf is MPI_IN_PLACE, which is not allowed here"),
    ("alias", "MPI_Allreduce on MPI_COMM_WORLD failed: MPI_ERR_BUFFER: recvbuf is the same as sendbuf; MPI_IN_PLACE says that this "
     "is intended"),
    ("init_twice", "MPI_Init failed: MPI_ERR_OTHER: it has been called before"),
    ("result_null", "MPI_Comm_rank on MPI_COMM_WORLD failed: MPI_ERR_ARG: invalid argument: rank is NULL"),
    ("type_null", "MPI_Send on MPI_COMM_WORLD failed: MPI_ERR_TYPE: datatype is MPI_DATATYPE_NULL"),
    ("uncommitted", "MPI_Send on MPI_COMM_WORLD failed: MPI_ERR_TYPE: datatype has not been committed"),
    ("comm_null", "MPI_Barrier failed: MPI_ERR_COMM: invalid communicator: comm is MPI_COMM_NULL"),
    ("comm_freed", "MPI_Barrier failed: MPI_ERR_COMM: invalid communicator: comm is not a valid handle, or has been freed"),
    ("no_request", "MPI_Wait failed: MPI_ERR_REQUEST: request is complete, has been freed, or is not a request"),
    ("group_rank", "MPI_Group_incl failed: MPI_ERR_RANK: invalid rank: ranks[0] is 55, and the group has 2 ranks"),
    ("group_twice", "MPI_Group_incl failed: MPI_ERR_RANK: invalid rank: ranks[1] is 0, which is there twice"),
    ("dims", "MPI_Dims_create failed: MPI_ERR_DIMS: invalid dimensions: dims[0] is 3, which does not divide 4"),
    ("cart", "MPI_Cart_create on MPI_COMM_WORLD failed: MPI_ERR_DIMS: invalid dimensions: its first 1 dimensions have 3 places, and "
     "the communicator has 2 ranks"),
])
def test_an_error_names_what_is_wrong(mpiexec, programs, what, line):
    r = mpiexec("-n", "2", runtime_program(programs, "wrong.c"), what)
    assert r.code not in (0, 124), r
    assert re.search(r"^muster: rank [01] on \S+: %s; aborting the job$" % re.escape(line), r.err, re.M), r


def test_a_call_before_init(mpiexec, program):
    r = mpiexec("-n", "2", program, "early")
    assert r.code == 16, r
    assert re.search(r"^muster: process \d+ on \S+: MPI_Comm_size called before MPI_Init; aborting$", r.err, re.M), r


def test_which_application_a_rank_is(mpiexec, program):
    r = mpiexec.ok("-n", "1", program, "appnum", ":", "-n", "2", program, "appnum")
    assert sorted(r.lines) == ["0 0", "1 1", "2 1"], r


def test_a_code_after_finalize_counts(mpiexec, program):
    assert mpiexec("-n", "2", program, "return 3").code == 3


@pytest.mark.parametrize("script", ["{0} well; {0} well", "{0} well & p=$!; {0} well || exit; wait $p"])
def test_a_second_program_of_a_rank(mpiexec, program, script):
    """It is told, and does not wait for messages that were for the first."""
    r = mpiexec("-n", "3", "sh", "-c", script.format(program))
    assert r.code not in (0, 124), r
    assert "another process of this rank has been in MPI; start each program with an mpiexec of its own" in r.err, r


def test_sixteen_ranks_on_few_processors_end_soon(mpiexec, program):
    assert mpiexec("-n", "16", program, "well").code == 0


@pytest.mark.parametrize("where", ["all", "one"])
def test_a_tuning_variable_that_makes_no_sense(mpiexec, program, where):
    """For all ranks it is an error of MPI_Init; where it must not differ between ranks of a node and does, too."""
    apps = {"all": ["-n", "2", program, "well"],
            "one": ["-n", "1", program, "well", ":", "-n", "1", "-env", "MUSTER_SHM_CHANNEL_MAX", "65536", program, "well"]}
    r = mpiexec(*apps[where], env={"MUSTER_WAIT_SPINS": "many"} if where == "all" else {})
    assert r.code != 0 and "MPI_Init" in r.err, r
    assert {"all": "MUSTER_WAIT_SPINS=many: not a number from 1 to 1000000", "one": "differ among the ranks"}[where] in r.err, r
