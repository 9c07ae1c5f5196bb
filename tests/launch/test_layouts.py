# SPDX-License-Identifier: BSD-3-Clause
"""How programs find one another, in the tree as it is installed and moved, and in the tree as it is built.

All other tests of this folder run the installed one.
"""

import os
import shutil

import pytest

from conftest import Runner, on_runtime, trees


@pytest.fixture(params=["installed", "built"])
def tree(request):
    return getattr(trees, request.param)()


@pytest.fixture
def run(tree, tmp_path):
    """mpiexec of this tree, started as `program` says."""
    runners = []

    def start(*args, program=tree.mpiexec, **kw):
        runners.append(Runner(tmp_path, program))
        return runners[-1](*args, **kw)
    yield start
    for r in runners:
        r.end()


@pytest.mark.parametrize("hosts", [["a"], ["a,b,c", "--radix", "1"], [",".join(f"h{i}" for i in range(40))]],
                         ids=["one node", "a chain", "forty nodes"])
def test_each_node_finds_its_proxy(run, hosts):
    """Whoever starts it: mpiexec itself, or a proxy that has nodes below it."""
    r = run("--hosts", *hosts, "--ppn", "1", "--arg-template", "echo", "{host}")
    assert r.code == 0 and sorted(r.lines) == sorted(hosts[0].split(",")), r


def test_mpiexec_behind_a_link(run, tree, tmp_path):
    """As in somebody's own bin, in a folder that knows nothing of the tree."""
    link = tmp_path / "run me"
    link.symlink_to(tree.mpiexec)
    r = run("--hosts", "a,b", "-n", "2", "echo", "found", program=link)
    assert r.code == 0 and r.lines == ["found"] * 2, r


def test_mpiexec_by_a_relative_name_or_from_path(run, tree, tmp_path):
    r = run("-n", "2", "echo", "found", program=os.path.relpath(tree.mpiexec, tmp_path))
    assert r.code == 0 and r.lines == ["found"] * 2, r
    r = run("-c", 'exec mpiexec -n 2 echo found', program="/bin/sh", env={"PATH": f"{tree.mpiexec.parent}:/usr/bin:/bin"})
    assert r.code == 0 and r.lines == ["found"] * 2, r


def test_a_program_finds_its_library(run, tree, programs):
    """With no variable that says where it is."""
    source = ('#include <mpi.h>\nint main(void) { int n; MPI_Init(0, 0); MPI_Comm_size(MPI_COMM_WORLD, &n);'
              ' MPI_Finalize(); return n == 3 ? 0 : 9; }')
    r = run("-n", "3", on_runtime(programs, source, tree))
    assert r.code == 0, r


def test_a_proxy_that_is_not_there_is_one_clear_line(run, tree, tmp_path):
    part = tmp_path / "a part"
    (part / "bin").mkdir(parents=True)
    shutil.copy(tree.mpiexec, part / "bin")
    r = run("-n", "2", "true", program=part / "bin/mpiexec")
    assert r.code == 1 and len(r.err.splitlines()) == 1, r
    assert "no proxy program at " in r.err and "the installation is incomplete" in r.err, r
