# SPDX-License-Identifier: BSD-3-Clause
"""Windows: puts, atomics, accumulates, locks and fences, beside other libraries and plain loads and stores."""

import os
import tempfile

from bench import row
from bench_mpi import ahead, anchors, collect, libraries

GOALS = {
    ("put+flush", 8): ("<= 0.04 us, ahead of all", lambda m: m["muster"] <= 0.04 and ahead(m)),
    ("fetch_and_op+flush", 8): ("<= 0.03 us + 1.5 x by hand", lambda m: m["muster"] <= 0.03 + 1.5 * m["by-hand"]),
    ("put+flush", 65536): ("<= 1.1 x by hand", lambda m: m["muster"] <= 1.1 * m["by-hand"]),
    ("put+flush", 4194304): ("<= 1.1 x by hand", lambda m: m["muster"] <= 1.1 * m["by-hand"]),
    ("accumulate+flush", 1048576): ("<= 1.2 x by hand", lambda m: m["muster"] <= 1.2 * m["by-hand"]),
    ("lock+unlock", 0): ("< 0.1 us", lambda m: m["muster"] < 0.1),
}
AHEAD = ("ahead of all", ahead)


def two(rounds, libs, flavor, floor):
    for (name, size), values in collect(rounds, {lib: cmd(2, flavor) for lib, cmd in libs.items()}).items():
        by_hand = floor.get((name, size), {}).get("muster")
        if by_hand:
            values = {**values, "by-hand": by_hand}
        goal = AHEAD if flavor == "create" else GOALS.get((name, size), AHEAD)  # private memory costs a system call
        yield row(f"{flavor}: {name} of {size} B", "us", values, goal=goal)


def fences(rounds, libs):
    """A fence of many ranks is to take no longer than a barrier of ours."""
    table = collect(min(rounds, 3), {lib: cmd(16, "fence") for lib, cmd in libs.items()})
    values = {**table["fence", 0], "barrier": table["barrier", 0]["muster"]}
    yield row("16 ranks, fence", "us", values,
              goal=("<= 1.1 x barrier, ahead of all", lambda m: m["muster"] <= 1.1 * m["barrier"] and anchors(m)
                    and ahead(m)))


def run(rounds):
    with tempfile.TemporaryDirectory(dir="/tmp") as out:
        os.chmod(out, 0o755)
        libs = libraries(out, "mpi_windows")
        floor = collect(rounds, {"muster": libs["muster"](1, "hand")})
        for flavor in ("allocate", "alloc_mem", "create"):
            yield from two(rounds, libs, flavor, floor)
        yield from fences(rounds, libs)
