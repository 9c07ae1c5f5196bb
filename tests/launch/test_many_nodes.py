# SPDX-License-Identifier: BSD-3-Clause
"""mpiexec with more nodes than this machine can run: one process answers for all of them (tests/bench/fake_nodes.c), each
over a connection of its own, as Slurm's do. `make bench` does it with 10,000."""

import os
import resource

import pytest

from trees import BUILD

FEW, MANY = 300, 1500


@pytest.fixture
def used(mpiexec, tmp_path):
    """Of mpiexec, while ranks run on so many nodes: descriptors, memory in KiB."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < MANY + 100:
        pytest.skip(f"needs a hard limit of {MANY + 100} descriptors")

    def run(n):
        env = {"FAKE_NODES": str(n), "FAKE_REPORT": str(tmp_path / f"report{n}"), "MUSTER_LAUNCHER": "", "MUSTER_RMK": "",
               "MUSTER_IFACE": "lo", "MALLOC_PERTURB_": "0", "SLURM_JOB_NODELIST": f"n[0-{n - 1}]", "SLURM_JOB_NUM_NODES": str(n),
               "SLURM_TASKS_PER_NODE": f"1(x{n})"}
        mpiexec.ok("--launcher-exec", str(BUILD / "tests/bench/fake_nodes"), "--launcher", "slurm", "--heartbeat", "0",
                   "--bind-to", "none", "true", env=env)
        return [int(x) for x in (tmp_path / f"report{n}").read_text().split()[:2]]
    return run


def test_what_a_node_costs(used):
    """Of buffers that nobody fills no page counts; Meson would have malloc write into all of them."""
    few, many = used(FEW), used(MANY)
    assert many[0] - few[0] == MANY - FEW and few[0] < FEW + 50
    if not os.environ.get("MUSTER_TEST_SANITIZERS"):
        assert (many[1] - few[1]) / (MANY - FEW) < 30, (few, many)  # KiB; 11 were measured
