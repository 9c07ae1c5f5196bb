# SPDX-License-Identifier: BSD-3-Clause
"""Dynamic processes: spawn, published names, ports, beside other libraries under their own launchers."""

import os
import tempfile

from bench import row
from bench_mpi import ahead, collect, libraries

SCENES = {"spawn": (1, "ms"), "names": (1, "us"), "ports": (2, "us")}
TITLES = {("spawn", 1): "spawn of 1 to its first barrier with the parent", ("spawn", 4): "spawn of 4 to theirs",
          ("names", 0): "publish + lookup", ("ports", 0): "connect + accept"}
GOALS = {("spawn", 4): ("<= 15 ms, ahead of all", lambda m: m["muster"] <= 15 and ahead(m)),
         ("names", 0): ("<= 50 us, ahead of all", lambda m: m["muster"] <= 50 and ahead(m)),
         ("ports", 0): ("<= 200 us, ahead of all", lambda m: m["muster"] <= 200 and ahead(m))}


def run(rounds):
    with tempfile.TemporaryDirectory(dir="/tmp") as out:
        os.chmod(out, 0o755)
        libs = libraries(out, "mpi_dynamic")
        for scene, (ranks, unit) in SCENES.items():
            for key, values in collect(rounds, {lib: cmd(ranks, scene) for lib, cmd in libs.items()}).items():
                yield row(TITLES[key], unit, values, goal=GOALS.get(key, ("ahead of all", ahead)))
