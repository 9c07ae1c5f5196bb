# SPDX-License-Identifier: BSD-3-Clause
"""Open MPI's programs on several hosts: mpi4py as Debian packages it, and beside MPICH in one command."""

import glob
import pathlib

import pytest

PYTHON = "/usr/bin/python3"
COURSE = pathlib.Path(__file__).parent.parent / "pmi/course.py"

SUM = r"""
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, size, sum;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    printf("%s %d of %d: %d\n", argv[1], rank, size, sum);
    MPI_Finalize();
    return 0;
}
"""


@pytest.fixture
def launcher():
    """The way to the hosts is of no matter here."""
    return "ssh"


def test_mpi4py_on_two_hosts(mpiexec, open_mpi):
    """Two parents on different hosts, and their children on either."""
    if not glob.glob("/usr/lib/python3/dist-packages/mpi4py/MPI*.so"):
        pytest.skip("no python3-mpi4py")
    r = mpiexec.ok("--hosts", "h1:2,h2:2", "--map-by", "node", "-n", 2, PYTHON, COURSE, "hello,collectives,spawn")
    assert r.lines == ["size 2"], r


def test_two_worlds_on_two_hosts(mpiexec, ompicc, mpicc):
    r = mpiexec.ok("--hosts", "h1:2,h2:2", "--map-by", "node", "-n", 2, ompicc(SUM), "O", ":", "-n", 2, mpicc(SUM), "M")
    assert sorted(r.lines) == [f"{what} {i} of 2: 1" for what in "MO" for i in range(2)], r
