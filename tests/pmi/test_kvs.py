# SPDX-License-Identifier: BSD-3-Clause
"""boot_put, boot_get and boot_fence of our library: under our mpiexec, which lets a get wait for its put, over one and
several nodes, by the inherited description and by either PMI; under launchers of others; and alone."""

import os
from pathlib import Path

import pytest

from test_own import VERSIONS, clean, finished, hydra, slurm  # noqa: F401

BUILD = os.environ.get("MUSTER_TEST_BUILD", Path(__file__).resolve().parents[2] / "build")
KVS = Path(BUILD) / "tests/pmi/kvs"


def said(n, waits):
    return sorted(f"{r} ok{', waits' * waits}" for r in range(n))


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("hosts", ["a", "a,b,c"])
def test_inherited(mpiexec, n, hosts):
    r = mpiexec.ok("--hosts", hosts, "-n", str(n), KVS)
    assert sorted(r.lines) == said(n, True), r


@pytest.mark.parametrize("version", VERSIONS)
def test_of_either_version(mpiexec, version):
    """Without the inherited segment, as a script leaves it that closes files that it does not know."""
    script = f"unset MUSTER_NODE_FD; exec '{KVS}'"
    r = mpiexec.ok("-n", "4", "sh", "-c", script, env={"MUSTER_PMI": version})
    assert sorted(r.lines) == said(4, True), r


@pytest.mark.parametrize("hosts", ["a", "a,b"])
def test_what_nobody_is_left_to_put(mpiexec, hosts):
    r = mpiexec.ok("--hosts", hosts, "-n", "4", KVS, "never")
    assert sorted(r.lines) == said(4, True), r


@pytest.mark.parametrize("version", VERSIONS)
def test_hydra(hydra, version):  # noqa: F811
    r = hydra("-n", "4", str(KVS), version=version)
    assert r.code == 0 and sorted(r.lines) == said(4, False), r


def test_alone():
    r = finished([str(KVS)], env=clean())
    assert r.code == 0 and r.lines == ["0 ok"], r
