# SPDX-License-Identifier: BSD-3-Clause
"""Programs built with Debian's MPICH, from 1 to 64 ranks over 1 to 8 nodes."""

import pytest

from processes import PATIENCE

PROGRAM = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int rank, size, sum = 0, got = -1, *appnum, flag, name_len;
    char name[MPI_MAX_PROCESSOR_NAME];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Get_processor_name(name, &name_len);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % size, 0, &got, 1, MPI_INT, (rank + size - 1) % size, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (sum != size * (size - 1) / 2 || got != (rank + size - 1) % size)
        MPI_Abort(MPI_COMM_WORLD, 3);
    MPI_Comm shared;
    int shared_size;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &shared);
    MPI_Comm_size(shared, &shared_size);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &appnum, &flag);
    printf("%d of %d: sum %d, node of %d, app %d\n", rank, size, sum, shared_size, flag ? *appnum : -1);
    MPI_Comm_free(&shared);
    MPI_Finalize();
    return 0;
}
"""

PLACES = [(1, 1), (2, 1), (5, 3), (8, 8), (16, 2), (64, 1), (64, 8)]


@pytest.mark.parametrize("n, nodes", PLACES, ids=[f"{n} ranks on {k} nodes" for n, k in PLACES])
def test_ranks_find_one_another(mpiexec, mpicc, n, nodes):
    r = mpiexec.ok("-n", str(n), "--hosts", f"n[1-{nodes}]", mpicc(PROGRAM))
    per_node = {}
    for line in r.lines:
        rank, rest = line.split(" of ", 1)
        per_node[int(rank)] = int(rest.split("node of ")[1].split(",")[0])
        assert f"sum {n * (n - 1) // 2}," in rest and rest.endswith("app 0"), r
    assert sorted(per_node) == list(range(n)), r
    assert max(per_node.values()) == -(-n // nodes), r


def test_irregular_maps(mpiexec, mpicc):
    """Short ones; and one of more blocks than a PMI value holds: MPICH must find out about nodes by itself, and still run."""
    prog = mpicc(PROGRAM)
    r = mpiexec.ok("-n", "12", "--hosts", "a,b,c", "-rankmap", "(vector,(1,1,2),(0,1,1),(2,1,3),(0,1,4),(1,1,2))",
                   prog)
    assert sorted(line.split("node of ")[1].split(",")[0] for line in r.lines) == ["3"] * 3 + ["4"] * 4 + ["5"] * 5, r
    blocks = [f"({(i * i + i // 3) % 3},1,1)" for i in range(140)]
    r = mpiexec.ok("-n", "140", "--hosts", "a,b,c", "-rankmap", f"(vector,{','.join(blocks)})", prog, timeout=4 * PATIENCE)
    assert len(r.lines) == 140, r


def test_several_programs_in_one_job(mpiexec, mpicc):
    prog = mpicc(PROGRAM)
    r = mpiexec.ok("-n", "2", "--hosts", "a,b", prog, ":", "-n", "3", prog)
    assert sorted(l.split("app ")[1] for l in r.lines) == ["0"] * 2 + ["1"] * 3, r


def test_abort(mpiexec, mpicc):
    prog = mpicc(
        '#include <mpi.h>\n#include <unistd.h>\nint main(int c, char **v) { int r; MPI_Init(&c, &v); '
        "MPI_Comm_rank(MPI_COMM_WORLD, &r); if (r == 1) MPI_Abort(MPI_COMM_WORLD, 42); sleep(1000); return 0; }\n")
    r = mpiexec("-n", "4", "--hosts", "a,b", prog)
    assert r.code == 42 and "rank 1" in r.err, r


def test_a_rank_that_exits_before_init(mpiexec, mpicc):
    prog = mpicc(
        '#include <mpi.h>\n#include <stdlib.h>\nint main(int c, char **v) { if (atoi(getenv("PMI_RANK")) == 2) return 0; '
        "MPI_Init(&c, &v); MPI_Finalize(); return 0; }\n")
    r = mpiexec("-n", "3", "--hosts", "a,b,c", prog)
    assert r.code != 0 and "rank 2 on c" in r.err and "exited before it reached" in r.err, r
