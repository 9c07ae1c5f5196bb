# SPDX-License-Identifier: BSD-3-Clause
"""The programs that stand in muster-files(7) do what it says."""

import re

import pytest

from conftest import TOP, on_runtime

PAGE = (TOP / "man/muster-files.7").read_text()
SOURCES = [text.replace("\\e", "\\") for text in re.findall(r"^\.Bd -literal\n(#include.*?)^\.Ed$", PAGE, re.M | re.S)]


def test_there_are_two():
    assert len(SOURCES) == 2 and "mmap" in SOURCES[0] and "MPI_Win_allocate" in SOURCES[1]


@pytest.mark.parametrize("source", SOURCES, ids=["mapped", "window"])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_each_rank_finds_what_the_next_one_wrote(mpiexec, programs, source, n):
    r = mpiexec.ok("-n", str(n), on_runtime(programs, source))
    wanted = [f"rank {k} finds {(k + 1) % n} in the last place of row {(k + 1) % n}" for k in range(n)]
    assert sorted(r.lines) == sorted(wanted), r
