# SPDX-License-Identifier: BSD-3-Clause
"""Derived datatypes: making them, packing them and sending them, beside other libraries and loops written by hand."""

import os
import tempfile

from bench import row
from bench_mpi import anchors, collect, libraries

MUST = ("<= by hand, ahead of all",
        lambda m: m["muster"] <= min([*anchors(m), m["by-hand"]] if "by-hand" in m else anchors(m)))
UNITS = {"make-many": "ns a block", "memory": "B a block"}


def area(rounds, libs, ranks, what):
    commands = {name: cmd(ranks, what) for name, cmd in libs.items()}
    if what != "make":
        commands["by-hand"] = libs["muster"](ranks, what, "hand")
    for (name, size), values in collect(rounds, commands).items():
        kind, _, shape = name.partition(":")
        yield row(f"{kind} {shape} of {size}", UNITS.get(kind, "us"), values, goal=MUST)


def run(rounds):
    with tempfile.TemporaryDirectory(dir="/tmp") as out:
        os.chmod(out, 0o755)
        libs = libraries(out, "mpi_datatypes")
        for ranks, what in ((1, "make"), (1, "external"), (1, "pack"), (2, "send")):
            yield from area(rounds, libs, ranks, what)
