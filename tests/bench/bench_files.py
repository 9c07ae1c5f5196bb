# SPDX-License-Identifier: BSD-3-Clause
"""Files: an array of which each of four ranks has a block, written and read by the four levels of MPI-IO, beside other
libraries and plain pwrite and pread of the same rows."""

import os
import tempfile

from bench import row
from bench_mpi import anchors, collect, libraries

GOALS = {
    ("write:rows:level3", 16384): (">= 0.9 x plain", lambda m: m["muster"] >= 0.9 * m["plain"]),
    ("write:rows:level0", 16384): (">= 0.9 x plain", lambda m: m["muster"] >= 0.9 * m["plain"]),
    ("write:rows:level3", 1024): (">= 2 x the better anchor", lambda m: m["muster"] >= 2 * max(anchors(m))),
    ("write:rows:level0", 1024): (">= 2 x the better anchor", lambda m: m["muster"] >= 2 * max(anchors(m))),
}
AHEAD = ("ahead of all", lambda m: m["muster"] >= max(anchors(m)))


def run(rounds):
    with tempfile.TemporaryDirectory(dir="/tmp") as out:
        os.chmod(out, 0o777)
        libs = libraries(out, "mpi_files")
        commands = {name: cmd(4, out, "mpi") for name, cmd in libs.items()}
        commands["plain"] = libs["muster"](4, out, "plain")
        for (name, size), values in collect(rounds, commands).items():
            yield row(f"4 ranks, {name} of {size} B", "MB/s", values, "more", GOALS.get((name, size), AHEAD))
