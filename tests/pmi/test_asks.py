# SPDX-License-Identifier: BSD-3-Clause
"""boot_ask_test of our library: names and spawning, under our mpiexec by either PMI, and under launchers of others."""

import os
from pathlib import Path

import pytest

from test_own import VERSIONS, hydra  # noqa: F401

BUILD = os.environ.get("MUSTER_TEST_BUILD", Path(__file__).resolve().parents[2] / "build")
ASKS = str(Path(BUILD) / "tests/pmi/asks")
NAMES = ["publish", "a name", "the port; here\\", "lookup", "a name", "publish", "a name", "another", "unpublish", "a name",
         "unpublish", "a name", "lookup", "a name", "wait", "a name", "0.05"]
ANSWERS = ["ok ", "ok the port; here\\", "service", "ok ", "service", "name", "name"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("where", [["-n", "1"], ["-n", "3", "--hosts", "a,b", "--map-by", "node"]], ids=["1 node", "2 nodes"])
def test_names_within_a_job(mpiexec, version, where):
    r = mpiexec.ok(*where, ASKS, *NAMES, env={"MUSTER_PMI": version})
    assert r.lines == ANSWERS, r


@pytest.mark.parametrize("version", VERSIONS)
def test_children_and_what_was_put_for_them(mpiexec, version):
    r = mpiexec.ok("-n", "2", ASKS, "spawn", "2", ASKS, "a word", env={"MUSTER_PMI": version})
    assert sorted(r.lines) == ["ok 0 0 ", *(f"spawned 1, {i} of 2, gift 1, deep blue, a word" for i in (0, 1))], r


@pytest.mark.parametrize("version", VERSIONS)
def test_a_program_that_is_missing_is_a_code(mpiexec, version):
    r = mpiexec.ok("-n", "1", ASKS, "spawn", "1", ASKS, "nowhere", env={"MUSTER_PMI": version})
    assert r.lines[0].startswith("ok ") and r.lines[0].endswith(" 1 1 "), r


def test_a_newline_goes_where_the_wire_can_say_it(mpiexec):
    r = mpiexec.ok("-n", "1", ASKS, "spawn", "1", ASKS, "two\nlines")
    assert "ok 0 " in r.lines and "lines" in r.lines, r
    r = mpiexec.ok("-n", "1", ASKS, "spawn", "1", ASKS, "two\nlines", env={"MUSTER_PMI": "1"})
    assert r.lines == ["spawn"] and "newline" in r.err, r


@pytest.mark.parametrize("version", VERSIONS)
def test_names_under_hydra(hydra, version):  # noqa: F811
    r = hydra("-n", "2", ASKS, "publish", "name", "port", "lookup", "name", "unpublish", "name", "lookup", "name", version=version)
    assert r.code == 0 and r.lines == ["ok ", "ok port", "ok ", "name"], r


def test_spawn_under_hydra(hydra):  # noqa: F811
    """By PMI-1: in PMI-2 Hydra's own mpiexec may fail an assertion."""
    r = hydra("-n", "1", ASKS, "spawn", "1", ASKS, "word", version="1")
    assert r.code == 0 and "ok 0 " in r.lines, r
