# SPDX-License-Identifier: BSD-3-Clause
"""Our own runtime on several nodes: they cannot send to one another yet, and say so."""

import re

import pytest

from conftest import runtime_program


@pytest.fixture(scope="session")
def nodes(programs):
    return runtime_program(programs, "nodes.c")


@pytest.mark.parametrize("by", ["slot", "node"])
@pytest.mark.parametrize("hosts, n", [("a,b", 4), ("a,b,c,d", 8), ("a,b,c,d", 16)])
def test_what_needs_another_node_is_an_error(mpiexec, nodes, hosts, n, by):
    each = hosts.count(",") + 1
    r = mpiexec.ok("--hosts", hosts, "--ppn", str(n // each), "--map-by", by, "-n", str(n), nodes, str(each),
                   str(n // each) if by == "slot" else "1")
    assert r.lines == ["fine"] * n, r


def test_the_line_says_what_cannot_be(mpiexec, nodes):
    r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", "fatal")
    assert r.code not in (0, 124)
    assert re.search(r"^muster: rank \d on \S+: MPI_Barrier on MPI_COMM_WORLD failed: MPI_ERR_UNSUPPORTED_OPERATION: "
                     r".*: ranks on other nodes cannot be reached yet; aborting the job$", r.err, re.M), r
