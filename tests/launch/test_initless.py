# SPDX-License-Identifier: BSD-3-Clause
"""Spawned processes that end before MPI_Init: who has spawned them waits in MPI_Comm_spawn, and not for ever."""

import pytest

from conftest import runtime_program


@pytest.fixture(scope="session")
def initless(programs):
    return runtime_program(programs, "initless.c")


@pytest.mark.parametrize("where", [(), ("--hosts", "a,b")])
def test_all_end_well(mpiexec, initless, where):
    r = mpiexec(*where, "-n", "2", initless, "exit 0", "3")
    assert r.out.splitlines() == ["MPI_ERR_SPAWN 3"] * 2, r
    assert r.code == 0 and not r.err, r


@pytest.mark.parametrize("command, code", [("kill -9 $$", 137), ("exit 3", 3)])
def test_the_spawner_goes_on(mpiexec, initless, command, code):
    r = mpiexec("--no-kill", "--hosts", "a,b", "-n", "2", initless, command, "2")
    assert r.out.splitlines() == ["MPI_ERR_SPAWN 2"] * 2, r
    assert r.code == code and "muster:" not in r.err, r


@pytest.mark.parametrize("kill", [(), ("--no-kill",)])
@pytest.mark.parametrize("which", ["0", "1"])
def test_others_are_in_mpi_init(mpiexec, initless, kill, which):
    """They need it, and say so. Whether their end or the answer of the spawn comes first is not told."""
    r = mpiexec(*kill, "-n", "1", initless, "exit 0", "2", which)
    assert r.code == 58, r
    assert f"rank {which} of MPI_COMM_WORLD has ended without calling MPI_Init" in r.err, r


def test_the_reason_is_told(mpiexec, initless):
    r = mpiexec("-n", "1", "-genv", "ERRORS_ARE_FATAL", "1", initless, "exit 0", "2")
    assert not r.out and "the processes have ended, and none of them has called MPI_Init" in r.err, r
