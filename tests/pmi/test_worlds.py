# SPDX-License-Identifier: BSD-3-Clause
"""Programs of several MPI libraries in one command: each library's are a world, with one output and one status."""

import json
import pathlib

from processes import PATIENCE

PROGRAM = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int rank, size, *app, found, sum;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &app, &found);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    printf("%s %d of %d app %d sum %d\n", argv[1], rank, size, found ? *app : -1, sum);
    MPI_Finalize();
    return argc > 2 && rank == 1 ? atoi(argv[2]) : 0;
}
"""


def test_each_has_its_own_world(mpiexec, mpicc, ompicc, own_cc):
    """Those of one library are one world with two applications."""
    mpich, open_mpi, ours = mpicc(PROGRAM), ompicc(PROGRAM), own_cc(PROGRAM)
    for nodes in ([], ["--hosts", "a,b", "--ppn", "4"]):
        r = mpiexec.ok("-n", "2", *nodes, mpich, "M", ":", "-n", "2", open_mpi, "O", ":", "-n", "2", ours, "S", ":", "-n",
                       "1", mpich, "M", timeout=4 * PATIENCE)
        assert sorted(r.lines) == [f"M {i} of 3 app {i // 2} sum 3" for i in range(3)] + \
            [f"{what} {i} of 2 app 0 sum 1" for what in "OS" for i in range(2)], r


def test_labels_tell_the_world(mpiexec, mpicc, ompicc):
    r = mpiexec.ok("-l", "-n", "1", mpicc(PROGRAM), "M", ":", "-n", "1", ompicc(PROGRAM), "O", timeout=4 * PATIENCE)
    assert sorted(r.lines) == ["[0] M 0 of 1 app 0 sum 0", "[1:0] O 0 of 1 app 0 sum 0"], r


def test_what_is_not_known_joins_the_one_before(mpiexec, mpicc, ompicc):
    """A shell that starts a program, in front of all and behind a program."""
    mpich, open_mpi = mpicc(PROGRAM), ompicc(PROGRAM)
    r = mpiexec.ok("-n", "1", "sh", "-c", f"{open_mpi} O", ":", "-n", "1", open_mpi, "O", ":", "-n", "1", mpich, "M", ":",
                   "-n", "1", "sh", "-c", f"{mpich} M", timeout=4 * PATIENCE)
    assert sorted(r.lines) == ["M 0 of 2 app 0 sum 1", "M 1 of 2 app 1 sum 1", "O 0 of 2 app 0 sum 1",
                               "O 1 of 2 app 1 sum 1"], r


def test_one_status_and_a_report(mpiexec, mpicc, ompicc, tmp_path):
    report = tmp_path / "report"
    r = mpiexec("--report", report, "-n", "2", mpicc(PROGRAM), "M", ":", "-n", "2", ompicc(PROGRAM), "O", "7",
                timeout=4 * PATIENCE)
    assert r.code == 7 and "rank 1 of Open MPI's world on" in r.err and "exited with code 7" in r.err, r
    jobs = json.loads(pathlib.Path(report).read_text())["jobs"]
    assert [(j["job"], j["world"], j["size"]) for j in jobs] == [(0, "MPICH", 2), (1, "Open MPI", 2)]


def test_who_fails_ends_the_others(mpiexec, mpicc, ompicc):
    sleeps = "#include <mpi.h>\n#include <unistd.h>\nint main(void) { MPI_Init(0, 0); sleep(1000); return 0; }\n"
    fails = "#include <mpi.h>\nint main(void) { MPI_Init(0, 0); MPI_Abort(MPI_COMM_WORLD, 42); return 0; }\n"
    r = mpiexec("-n", "2", ompicc(sleeps), ":", "-n", "1", mpicc(fails), timeout=4 * PATIENCE)
    assert r.code == 42 and "of MPICH's world" in r.err and "2 other ranks stopped" in r.err, r


def test_input_is_the_first_world_s(mpiexec, mpicc, ompicc):
    reads = PROGRAM.replace("return argc", 'int c = getchar(); printf("%s %d reads %d\\n", argv[1], rank, c); return argc')
    r = mpiexec.ok("-n", "1", mpicc(reads), "M", ":", "-n", "1", ompicc(reads), "O", stdin=b"x", timeout=4 * PATIENCE)
    assert sorted(line for line in r.lines if "reads" in line) == ["M 0 reads 120", "O 0 reads -1"], r


def test_options_for_one_world(mpiexec, mpicc, ompicc):
    for option in (["--pset", "a=0"], ["--stdin", "all"]):
        r = mpiexec(*option, "-n", "1", mpicc(PROGRAM), "M", ":", "-n", "1", ompicc(PROGRAM), "O")
        assert r.code == 1 and "is for the ranks of one world, and programs of MPICH and of Open MPI" in r.err, r


def test_explain(mpiexec, mpicc, ompicc):
    r = mpiexec.ok("--explain", "-n", "1", mpicc(PROGRAM), ":", "-n", "1", "true", ":", "-n", "1", ompicc(PROGRAM))
    assert [line.split()[-1] for line in r.lines if "is in" in line] == ["MPICH", "MPICH", "MPI"], r
