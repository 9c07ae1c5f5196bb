# SPDX-License-Identifier: BSD-3-Clause
"""What carries between hosts: --transport. libfabric has no fabric here, but providers over sockets."""

import subprocess

import pytest

from conftest import MPIEXEC, clean_env, runtime_program

HOSTS = ["--hosts", "a,b", "--ppn", "2", "-n", "4"]
SCENARIOS = ["recv_named", "send_long", "barrier", "allreduce", "win_lock"]


@pytest.fixture(scope="session")
def dead(programs):
    return runtime_program(programs, "dead.c")


@pytest.fixture(scope="session")
def nodes(programs):
    return runtime_program(programs, "nodes.c")


@pytest.fixture(scope="session")
def provider(nodes):
    """One that sleeps as it should; in libfabric 1.17 it is layered, in 2 it is not."""
    r = subprocess.run([MPIEXEC, "--transport", "ofi", *HOSTS, nodes, "2", "2"], capture_output=True, text=True,
                       env=clean_env("/nonexistent", FI_PROVIDER="tcp"))
    if r.returncode and ("without libfabric" in r.stderr or "libfabric.so" in r.stderr):
        pytest.skip(r.stderr.splitlines()[0])
    return "tcp"


@pytest.fixture
def over_ofi(mpiexec, provider):
    return lambda *args, **kw: mpiexec("--transport", "ofi", *args, env={"FI_PROVIDER": provider, **kw})


@pytest.mark.parametrize("by", ["slot", "node"])
def test_ranks_of_other_nodes_are_reached(over_ofi, nodes, by):
    r = over_ofi("--map-by", by, *HOSTS, nodes, "2", "2" if by == "slot" else "1")
    assert r.code == 0 and r.out.splitlines() == ["fine"] * 4, r


@pytest.mark.parametrize("what", SCENARIOS)
def test_the_others_get_an_error_when_one_dies(over_ofi, dead, what):
    """libfabric has no word of it: the proxies tell."""
    r = over_ofi("--no-kill", *HOSTS, dead, what)
    assert r.out.splitlines() == ["fine"] * 3, r
    assert r.code == 137 and "muster:" not in r.err, r


EARLY = """
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>
enum { MANY = 200, LENGTH = 1000 };
int main(void)
{
    int rank, got = 0;
    static int v[LENGTH];
    MPI_Init(0, 0);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 0; i < MANY && rank == 0; i++) {
        v[LENGTH - 1] = i;
        MPI_Send(v, LENGTH, MPI_INT, 1, 0, MPI_COMM_WORLD);
    }
    if (rank == 1)
        sleep(1); /* so that the other one is the first in MPI_Finalize, on most machines */
    for (int i = 0; i < MANY && rank == 1; i++) {
        MPI_Recv(v, LENGTH, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        got += v[LENGTH - 1] == i;
    }
    MPI_Finalize();
    puts(rank == 0 || got == MANY ? "fine" : "wrong");
    return 0;
}
"""


def test_one_finalizes_before_the_other_has_received(over_ofi, own_cc):
    r = over_ofi("--hosts", "a,b", "--ppn", "1", "-n", "2", own_cc(EARLY))
    assert r.code == 0 and r.out.splitlines() == ["fine"] * 2, r


def test_a_provider_that_is_not_there_is_an_error(over_ofi, nodes):
    r = over_ofi(*HOSTS, nodes, "2", "2", FI_PROVIDER="nosuch")
    assert r.code not in (0, 124)
    assert "FI_PROVIDER is nosuch: libfabric has no such provider" in r.err, r


LOADED = """
#include <mpi.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    char line[512], found = 0;
    MPI_Init(0, 0);
    MPI_Barrier(MPI_COMM_WORLD);
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) found |= strstr(line, "libfabric") != 0;
    if (f) fclose(f);
    MPI_Finalize();
    puts(found ? "loaded" : "not loaded");
    return 0;
}
"""


@pytest.mark.parametrize("what, hosts, out", [("ofi", "a", "not loaded"), ("tcp", "a,b", "not loaded"),
                                              ("ofi", "a,b", "loaded")])
def test_it_is_loaded_where_it_is_needed_alone(mpiexec, provider, own_cc, what, hosts, out):
    r = mpiexec.ok("--transport", what, "--hosts", hosts, "-n", "2", "--map-by", "node", own_cc(LOADED),
                   env={"FI_PROVIDER": provider})
    assert r.out.splitlines() == [out] * 2, r


def test_what_it_does_not_know(mpiexec):
    r = mpiexec("--transport", "pigeon", "-n", "1", "true")
    assert r.code not in (0, 124) and "auto, tcp or ofi" in r.err, r
