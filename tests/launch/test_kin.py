# SPDX-License-Identifier: BSD-3-Clause
"""What a failure ends: the jobs of one mpiexec that are connected with the one that failed, and no others."""

import re

import pytest

from conftest import runtime_program
from processes import Marked

STATUS = {"abort": 3, "exit": 7, "kill": 137}
NODES = [(), ("--hosts", "a:2,b:2,c:2,d:2")]


@pytest.fixture(scope="session")
def kin(programs):
    return runtime_program(programs, "kin.c")


def run(mpiexec, kin, scenario, how="abort", nodes=(), n=2, fails=1, env=None):
    """All ends, with the status of the job that failed, which the story names."""
    marked = Marked()
    r = mpiexec(*nodes, "-n", str(n), kin, scenario, how, env={**marked.env, **(env or {})})
    of = rf" of spawned job {fails}" if fails else ""
    assert r.code == STATUS[how], r
    assert re.search(rf"^mpiexec: rank 0{of} on \S+ \(pid \d+\) (called abort with code 3|exited with code 7|was killed by "
                     "signal 9)", r.err, re.M), r
    assert marked.pids() == [], r
    return r


@pytest.mark.parametrize("how", STATUS)
@pytest.mark.parametrize("nodes", NODES, ids=["1 node", "4 nodes"])
def test_who_has_disconnected_goes_on(mpiexec, kin, nodes, how):
    r = run(mpiexec, kin, "child_parts", how, nodes)
    assert r.lines == ["parent: fine"] * 2, r
    assert "job 1 has failed; 1 job is not connected with it, and goes on" in r.err, r
    assert "1 other rank stopped because of it" in r.err, r


@pytest.mark.parametrize("how", STATUS)
def test_a_parent_that_dies_leaves_its_child(mpiexec, kin, how):
    r = run(mpiexec, kin, "parent_dies", how, fails=0)
    assert r.lines == ["child: fine"] * 2, r


@pytest.mark.parametrize("scenario", ["stays", "freed", "dup", "split"])
def test_who_is_connected_ends_too(mpiexec, kin, scenario):
    r = run(mpiexec, kin, scenario, n=3)
    assert r.lines == [] and "4 other ranks stopped because of it" in r.err, r


@pytest.mark.parametrize("nodes", NODES, ids=["1 node", "4 nodes"])
@pytest.mark.parametrize("env", [{}, {"MUSTER_SHM_JOBS": "off"}], ids=["memory", "network"])
def test_the_last_communicator_parts(mpiexec, kin, nodes, env):
    r = run(mpiexec, kin, "last_parts", "kill", nodes, n=3, env=env)
    assert r.lines == ["parent: fine"] * 3, r


def test_a_child_goes_with_its_own_child(mpiexec, kin):
    r = run(mpiexec, kin, "generations", fails=2)
    assert r.lines == ["parent: fine"] * 2 and "3 other ranks stopped because of it" in r.err, r


def test_a_chain_ends_as_a_whole(mpiexec, kin):
    """By accept and connect, and with a job in between."""
    r = run(mpiexec, kin, "chain", fails=2)
    assert r.lines == [] and "5 other ranks stopped because of it" in r.err, r


def test_a_chain_that_is_broken(mpiexec, kin):
    r = run(mpiexec, kin, "broken_chain", fails=2)
    assert sorted(r.lines) == ["child: fine"] * 2 + ["parent: fine"] * 2, r


def test_of_two_children_one_has_left(mpiexec, kin):
    r = run(mpiexec, kin, "siblings", fails=2)
    assert r.lines == ["child: fine"] * 2 and "3 other ranks stopped because of it" in r.err, r


@pytest.mark.parametrize("scenario, lines", [("child_parts", ["parent: fine"] * 2), ("stays", []), ("parent_dies", ["child: fine"] * 2)])
def test_a_lost_node_ends_those_that_were_there(mpiexec, kin, scenario, lines):
    marked = Marked()
    r = mpiexec("--hosts", "a:2,b:2,c:4", "-n", "2", kin, scenario, "node", env=marked.env)
    where = "a" if scenario == "parent_dies" else "b"
    assert r.code == 1 and f"mpiexec: the proxy on {where} is gone" in r.err and r.lines == lines, r
    assert marked.pids() == [], r
