# SPDX-License-Identifier: BSD-3-Clause
"""A rank that dies while others need it in MPI, and the job goes on without it (--no-kill)."""

import pathlib
import re

import pytest

from conftest import runtime_program

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


@pytest.mark.parametrize("what", ["recv_named", "barrier", "allreduce_long", "iallreduce"])
def test_also_who_sleeps(mpiexec, dead, what):
    r = mpiexec("--no-kill", "-n", "4", dead, what, "2")
    assert r.out.splitlines() == ["fine"] * 3, r


@pytest.mark.parametrize("n", ["4"])
@pytest.mark.parametrize("what", ["recv_named", "send_long", "barrier", "allreduce", "allreduce_long", "alltoall"])
def test_without_single_copy(mpiexec, dead, what, n):
    r = mpiexec("--no-kill", "-n", n, "-genv", "MUSTER_SHM_COPY", "two", dead, what)
    assert r.out.splitlines() == ["fine"] * (int(n) - 1), r
