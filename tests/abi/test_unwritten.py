# SPDX-License-Identifier: BSD-3-Clause
"""A function that is not written yet says so: to the compiler, in the manual, and when it is called. These tests end by
themselves: what they take as an example is skipped once it is written."""

import os
import re
import subprocess
import sys

import pytest

import trees

sys.path.insert(0, str(trees.TOP / "lib/bindings"))
import count  # noqa: E402

EXAMPLE = "File_delete"
PROGRAM = """#include <mpi.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    int error = 0;
    MPI_Init(&argc, &argv);
    if (argc == 1)
        MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int i = 0; i < 3 && !error; i++)
        error = MPI_File_delete("no such file", MPI_INFO_NULL) != MPI_ERR_UNSUPPORTED_OPERATION;
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return error;
}
"""


@pytest.fixture(scope="module")
def unwritten():
    return count.unwritten(trees.TOP / "lib/bindings/functions.txt", trees.TOP / "lib")


@pytest.fixture
def example(unwritten):
    if EXAMPLE not in [f.name for f in unwritten]:
        pytest.skip(f"MPI_{EXAMPLE} is written")


def compiled(tmp_path, *flags):
    (tmp_path / "p.c").write_text(PROGRAM)
    kinds = os.environ.get("MUSTER_TEST_SANITIZERS")
    sanitizer = [f"-fsanitize={kinds}"] if kinds else []
    return subprocess.run([trees.built().mpicc, *sanitizer, *flags, "p.c", "-o", "p"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=300, stdin=subprocess.DEVNULL)


def run(tmp_path, *words):
    return subprocess.run([trees.built().mpiexec, *words], cwd=tmp_path, capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)


def test_the_header_marks_them_and_no_others(unwritten):
    text = (trees.built().root / "lib/mpi.h").read_text()
    marked = re.findall(r"^MUSTER_UNWRITTEN \w+ (P?MPI_\w+)\(", text, re.M)
    names = [f.name + tail for f in unwritten for tail in (("", "_c") if count.generate.twin(f) else ("",))]
    assert sorted(marked) == sorted(prefix + name for name in names for prefix in ("MPI_", "PMPI_"))


def test_the_manual_lists_them_and_no_others(unwritten):
    text = (trees.built().root / "man/libmpi_abi.7").read_text()
    section = text.split(".Ss Functions that are not written yet\n")[1].split("\n.Ss ")[0]
    assert re.findall(r"^\.Fn MPI_(\w+)", section, re.M) == [f.name for f in unwritten]


def test_the_compiler_warns(tmp_path, example):
    r = compiled(tmp_path)
    assert r.returncode == 0 and "MPI_File_delete" in r.stderr and "not written yet" in r.stderr, r
    assert "MPI_Barrier" not in r.stderr, r


def test_unless_it_is_told_not_to(tmp_path, example):
    r = compiled(tmp_path, "-DMUSTER_NO_WARN_UNWRITTEN", "-Werror")
    assert r.returncode == 0 and r.stderr == "", r


def test_a_program_that_takes_the_error_is_told_once(tmp_path, example):
    assert compiled(tmp_path, "-DMUSTER_NO_WARN_UNWRITTEN").returncode == 0
    r = run(tmp_path, "-n", "3", "./p")
    assert r.returncode == 0, r
    lines = [line for line in r.stderr.splitlines() if "not written" in line]
    assert len(lines) == 1, r
    assert re.fullmatch(r"muster: rank \d on \S+: MPI_File_delete is not written yet in this library; choose another one "
                        r"of the MPI ABI with LD_LIBRARY_PATH, .*libmpi_abi\(7\)", lines[0]), r


def test_an_error_that_is_fatal_says_it_itself(tmp_path, example):
    assert compiled(tmp_path, "-DMUSTER_NO_WARN_UNWRITTEN").returncode == 0
    r = run(tmp_path, "-n", "1", "./p", "fatal")
    assert r.returncode != 0, r
    lines = [line for line in r.stderr.splitlines() if line.startswith("muster: rank")]
    assert len(lines) == 1 and "is not written yet" in lines[0] and "MPI_File_delete failed: MPI_ERR_UNSUPPORTED_OPERATION: " in lines[0], r
