# SPDX-License-Identifier: BSD-3-Clause
"""mpiexec with up to 10,000 nodes, all of them below it: one process answers for all (fake_nodes.c). What it takes until
every rank has run, and what mpiexec uses while they run: to be read as growth, from row to row."""

import os
import pathlib
import resource
import tempfile
import time

from bench import MPIEXEC, helper, quiet, row

SIZES = (625, 2500, 10000)


def once(n, directory):
    report = pathlib.Path(directory) / "report"
    env = {**os.environ, "FAKE_NODES": str(n), "FAKE_REPORT": str(report), "MUSTER_LAUNCHER": "", "MUSTER_IFACE": "lo",
           "SLURM_JOB_NODELIST": f"n[0-{n - 1}]", "SLURM_JOB_NUM_NODES": str(n), "SLURM_TASKS_PER_NODE": f"1(x{n})"}
    begin = time.perf_counter()
    code = quiet([MPIEXEC, "--launcher", "slurm", "--launcher-exec", helper("fake_nodes"), "--heartbeat", "0", "--bind-to", "none",
                  "true"], env=env)
    took = (time.perf_counter() - begin) * 1e3
    descriptors, memory, processor = map(int, report.read_text().split())
    assert code == 0
    return {"ms": took, "processor ms": processor, "KiB": memory, "descriptors": descriptors}


def run(rounds):
    with tempfile.TemporaryDirectory() as directory:
        for n in SIZES:
            if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < n + 300:
                print(f"skipped: {n} nodes need a hard limit of {n + 300} descriptors")
                continue
            results = [once(n, directory) for _ in range(rounds)]
            for unit in results[0]:
                yield row(f"{n} nodes, a rank each", unit, {"muster": [r[unit] for r in results]})
                if unit != "descriptors":
                    yield row("  of them each", unit, {"muster": [r[unit] / n for r in results]})
