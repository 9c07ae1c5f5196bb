# SPDX-License-Identifier: BSD-3-Clause
"""Our own runtime on several nodes: their ranks talk over sockets."""

import pytest

from conftest import runtime_program


@pytest.fixture(scope="session")
def nodes(programs):
    return runtime_program(programs, "nodes.c")


@pytest.mark.parametrize("by", ["slot", "node"])
@pytest.mark.parametrize("hosts, n", [("a,b", 4), ("a,b,c,d", 8), ("a,b,c,d", 16)])
def test_ranks_of_other_nodes_are_reached(mpiexec, nodes, hosts, n, by):
    each = hosts.count(",") + 1
    r = mpiexec.ok("--hosts", hosts, "--ppn", str(n // each), "--map-by", by, "-n", str(n), nodes, str(each),
                   str(n // each) if by == "slot" else "1")
    assert r.lines == ["fine"] * n, r


def test_an_interface_that_is_not_there_is_named(mpiexec, nodes):
    r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", env={"MUSTER_INTERFACE": "nosuch0"})
    assert r.code not in (0, 124)
    assert "MUSTER_INTERFACE is nosuch0: no interface that is up has that name or network" in r.err, r


@pytest.mark.parametrize("interface", ["lo", "127.0.0.0/8"])
def test_the_interface_that_is_asked_for(mpiexec, nodes, interface):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", env={"MUSTER_INTERFACE": interface})
    assert r.lines == ["fine"] * 2, r
