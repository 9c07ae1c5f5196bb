# SPDX-License-Identifier: BSD-3-Clause
"""What a rank on our own runtime says when an error signal ends it."""

import re

import pytest

from conftest import on_runtime
from processes import SANITIZED

pytestmark = pytest.mark.skipif(SANITIZED, reason="a sanitizer has handlers of its own for these signals")

PROGRAM = r"""
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define OWN __attribute__((noinline, noclone))
static volatile int zero, sink;
static int *volatile nowhere = (int *)16;
static void (*volatile none)(void);
static char *volatile block;

OWN static int deep(int n)
{
    volatile char room[4096];
    room[n % 4096] = 1;
    return n < 0 ? 0 : deep(n + 1) + room[0];
}
OWN static void work(const char *what)
{
    if (strcmp(what, "segv") == 0)
        sink = *nowhere;
    if (strcmp(what, "fpe") == 0)
        sink = 7 / zero;
    if (strcmp(what, "abort") == 0)
        abort();
    if (strcmp(what, "sent") == 0)
        raise(SIGBUS);
    if (strcmp(what, "null") == 0)
        none();
    if (strcmp(what, "send") == 0)
        MPI_Send(nowhere, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
    if (strcmp(what, "stack") == 0)
        sink = deep(1);
    if (strcmp(what, "heap") == 0) {
        block = malloc(9);
        memset(block, 7, 4000); /* the heap is of no use to anybody from here on */
        abort();
    }
    sink++;
}
static void own(int sig)
{
    static const char text[] = "the program's own handler\n";
    _exit(write(2, text, sizeof text - 1) > 0 ? 9 : 8);
}

int main(int argc, char **argv)
{
    int rank;
    if (strcmp(argv[1], "before") == 0)
        signal(SIGSEGV, own);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (strcmp(argv[1], "after") == 0)
        signal(SIGSEGV, own);
    if (strcmp(argv[1], "before") == 0 || strcmp(argv[1], "after") == 0)
        sink = *nowhere;
    printf("half a line");
    if (rank == 0 || argc > 2)
        work(argv[1]);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
"""


@pytest.fixture(scope="session")
def program(programs):
    return on_runtime(programs, PROGRAM)


@pytest.mark.parametrize("what, name, status, where", [
    ("segv", "SIGSEGV at address 0x10", 139, "outside of MPI"),
    ("null", "SIGSEGV at address 0x0", 139, "outside of MPI"),
    ("stack", "SIGSEGV at address 0x[0-9a-f]+", 139, "outside of MPI"),
    ("send", "SIGSEGV at address 0x10", 139, "in MPI_Send"),
    ("fpe", "SIGFPE", 136, "outside of MPI"),
    ("abort", "SIGABRT", 134, "outside of MPI"),
    ("heap", "SIGABRT", 134, "outside of MPI"),
    ("sent", "SIGBUS", 135, "outside of MPI"),
])
def test_it_says_where_it_was(mpiexec, program, what, name, status, where):
    r = mpiexec("-n", "2", program, what)
    assert r.code == status, r
    assert re.search(rf"^muster: rank 0 on \S+ \(pid \d+\): {name}, {where}$", r.err, re.M), r
    frames = re.findall(r"^muster:   #\d+ +(\S+)", r.err, re.M)
    assert "main" in frames or what == "null" and frames[0] == "no" or what == "stack", r
    assert ("deep" if what == "stack" else "work") in frames, r
    assert what != "send" or "MPI_Send" in frames, r
    assert re.search(rf"^muster: to look into it: .*gdb .*{re.escape(program)}", r.err, re.M), r
    assert "half a line" in r.out, r


def test_of_many_that_crash_one_tells_all(mpiexec, program):
    r = mpiexec("-n", "8", "--no-kill", program, "segv", "all")
    assert r.code == 139, r
    assert len(re.findall(r"^muster: rank \d on \S+ \(pid \d+\): SIGSEGV", r.err, re.M)) == 8, r
    assert len(re.findall(r"^muster:   #0 +work", r.err, re.M)) == 8, r
    assert len(re.findall(r"^muster:   #\d+ +main", r.err, re.M)) == 1, r


def test_a_core_file_is_without_the_shared_memory(mpiexec, program):
    """Of the ranks' own memory it may hold what it likes; the memory that they share is ten times as much."""
    with open("/proc/sys/kernel/core_pattern") as f:
        if f.read(1) in "|/":
            pytest.skip("core files of this machine are not left in the directory of the process")
    r = mpiexec("-n", "2", "sh", "-c", "ulimit -c unlimited && exec $0 segv", program)
    assert r.code == 139 and re.search(rf"^muster: to look into it: gdb {re.escape(program)} core", r.err, re.M), r
    cores = list(mpiexec.cwd.glob("core*"))
    assert len(cores) == 1 and cores[0].stat().st_size < 60 << 20, [c.stat() for c in cores]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_handler_of_the_program_stays(mpiexec, program, when):
    r = mpiexec("-n", "1", program, when)
    assert r.code == 9 and "the program's own handler" in r.err and "muster:" not in r.err, r


def test_it_can_be_silent(mpiexec, program):
    r = mpiexec("-n", "1", "-genv", "MUSTER_BACKTRACE", "0", program, "segv")
    assert r.code == 139 and "muster:" not in r.err, r
