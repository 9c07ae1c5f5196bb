# SPDX-License-Identifier: BSD-3-Clause
"""Real hosts: starting over ssh, against Hydra and Open MPI, on the rig of tests/cluster. Where that cannot be, it says why."""

import pathlib
import sys
import tempfile

from bench import HYDRA, MPIEXEC, OPENMPI, OPENMPI_ARGS, interleave, milliseconds, row

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))
import rig as rigs

HOSTS = (2, 4, 8, 16)
TRUE = "/bin/true"
GOAL = ("< 0.6 x hydra and < openmpi / 3", lambda m: m["muster"] < 0.6 * m["hydra"] and ("openmpi" not in m or m["muster"] < m["openmpi"] / 3))


def on_hosts(rig, rounds, n):
    names = ",".join(f"h{i}" for i in range(1, n + 1))

    def on_front(*words):
        return milliseconds(rig.front.enter("/usr/bin/env", "MUSTER_LAUNCHER=", "MUSTER_RMK=none", *words))

    results = interleave(
        rounds,
        muster=on_front(MPIEXEC, "--hosts", names, "-n", str(n), TRUE),
        exec=on_front(MPIEXEC, "--launcher", "ssh-exec", "--hosts", names, "-n", str(n), TRUE),
        tree=on_front(MPIEXEC, "--launcher-tree", "--radix", "4", "--hosts", names, "-n", str(n), TRUE) if n > 4 else None,
        hydra=on_front(HYDRA, "-launcher", "ssh", "-hosts", names, "-n", str(n), TRUE) if HYDRA else None,
        openmpi=on_front(OPENMPI, *OPENMPI_ARGS, "-H", names, "-n", str(n), TRUE) if OPENMPI else None,
    )
    return row(f"start on {n} hosts by ssh", "ms", results, goal=GOAL)


def run(rounds):
    if why := rigs.why_not():
        print(f"skipped: {why}")
        return
    with tempfile.TemporaryDirectory() as d:
        rig = rigs.Rig(d, max(HOSTS))
        rig.up()
        try:
            for n in HOSTS:
                yield on_hosts(rig, rounds, n)
        finally:
            rig.down()
