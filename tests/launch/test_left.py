# SPDX-License-Identifier: BSD-3-Clause
"""A rank that finalizes and leaves while others still need it in MPI."""

import pathlib
import re

import pytest

from conftest import runtime_program

SOURCE = (pathlib.Path(__file__).parent / "left.c").read_text()
SCENARIOS = re.findall(r"\bS\((\w+)\)", SOURCE)


@pytest.fixture(scope="session")
def left(programs):
    return runtime_program(programs, "left.c")


@pytest.mark.parametrize("n", [2, 4, 8])
@pytest.mark.parametrize("what", SCENARIOS)
def test_the_others_get_an_error_or_what_was_for_them(mpiexec, left, what, n):
    r = mpiexec.ok("-n", str(n), left, what)
    assert r.out.splitlines() == ["fine"] * n and r.err == "", r


@pytest.mark.parametrize("what", ["recv_named", "any", "barrier", "allreduce_long", "ibarrier", "send_long"])
def test_also_who_sleeps(mpiexec, left, what):
    r = mpiexec.ok("-n", "4", left, what, "1.5")
    assert r.out.splitlines() == ["fine"] * 4, r


@pytest.mark.parametrize("what", ["Earlier", "Freed", "send_long", "allreduce_long"])
def test_without_single_copy(mpiexec, left, what):
    r = mpiexec.ok("-n", "4", "-genv", "MUSTER_SHM_COPY", "two", left, what)
    assert r.out.splitlines() == ["fine"] * 4, r


@pytest.mark.parametrize("what, line", [
    ("fatal_recv", "MPI_Recv on MPI_COMM_WORLD failed: MPI_ERR_PROC_ABORTED: .*: rank 2 of MPI_COMM_WORLD has finalized, so "
                   "the receive from 2 with tag 7 can never complete"),
    ("fatal_any", "MPI_Recv on MPI_COMM_WORLD failed: MPI_ERR_PROC_ABORTED: .*: all other ranks of the communicator, 2 in all, "
                  "have ended, so the receive from any source with tag 7 can never complete"),
    ("fatal_waitall", "MPI_Waitall.* failed: MPI_ERR_IN_STATUS: request 0: MPI_ERR_PROC_ABORTED: .*: rank 2 of "
                      "MPI_COMM_WORLD has finalized, so the receive from 2 with tag 7 can never complete"),
    ("fatal_barrier", "MPI_Barrier on MPI_COMM_WORLD failed: MPI_ERR_PROC_ABORTED: .*: rank 2 of MPI_COMM_WORLD has "
                      "finalized, so this operation of all members can never complete"),
])
def test_it_is_one_plain_line(mpiexec, left, what, line):
    r = mpiexec("-n", "3", left, what)
    assert r.code not in (0, 124), r
    assert re.search(rf"^muster: rank [01] on \S+: {line}; aborting the job$", r.err, re.M), r
