# SPDX-License-Identifier: BSD-3-Clause
"""Programs as Debian packages them, unmodified: mpi4py on Open MPI, ScaLAPACK's and HDF5 on Open MPI and on MPICH."""

import glob
import pathlib
import shutil
import subprocess

import pytest

from processes import PATIENCE
from test_mpich import PROGRAM

PYTHON = "/usr/bin/python3"  # Debian's own: packages belong to it
COURSE = pathlib.Path(__file__).with_name("course.py")
HOSTS = {1: (), 2: ("--hosts", "a,b"), 4: ("--hosts", "n[1-4]")}


@pytest.fixture
def course(open_mpi, mpiexec):
    """course(n, nodes, scenes, *args): mpi4py of the package python3-mpi4py, where that is linked to Open MPI."""
    library = glob.glob("/usr/lib/python3/dist-packages/mpi4py/MPI*.so")
    if not library or "libmpi.so.40" not in subprocess.run(["ldd", library[0]], capture_output=True, text=True).stdout:
        pytest.skip("no python3-mpi4py that is linked to Open MPI")
    return lambda n, nodes, *args: mpiexec.ok("-n", str(n), *HOSTS[nodes], PYTHON, COURSE, *args, timeout=4 * PATIENCE)


@pytest.mark.parametrize("n, nodes", [(1, 1), (4, 2), (8, 4)], ids=["1 rank", "4 ranks on 2 nodes", "8 ranks on 4 nodes"])
def test_course_of_mpi4py(course, tmp_path, n, nodes):
    r = course(n, nodes, "hello,collectives,files", tmp_path / "file")
    assert r.lines == [f"size {n}"], r


def test_windows_of_mpi4py(course):
    course(3, 1, "windows")


@pytest.mark.parametrize("n, nodes", [(1, 1), (2, 2)], ids=["1 parent", "2 parents on 2 nodes"])
def test_mpi4py_spawns(course, n, nodes):
    course(n, nodes, "spawn")


@pytest.mark.parametrize("nodes", (1, 2))
def test_mpi4py_finds_by_name(course, nodes):
    course(3, nodes, "names")


def test_many_ranks_of_open_mpi(mpiexec, ompicc):
    r = mpiexec.ok("-n", "32", *HOSTS[4], ompicc(PROGRAM), timeout=4 * PATIENCE)
    assert sorted(line.split(",")[0] for line in r.lines) == sorted(f"{i} of 32: sum 496" for i in range(32)), r


# Two small matrices, two block sizes; the grid of processes is 2 x COLUMNS.
LU = "'ScaLAPACK LU factorization'\n'for a test'\n'LU.out'\n6\n2\n4 17\n4 13\n1\n3\n1\n2\n1\n3\n1\n{rows}\n{columns}\n1.0\nT\n"


@pytest.mark.parametrize("library, n, nodes", [("openmpi", 4, 4), ("openmpi", 2, 1), ("mpich", 2, 1), ("mpich", 2, 2)])
def test_scalapack(mpiexec, request, tmp_path, library, n, nodes):
    request.getfixturevalue("open_mpi" if library == "openmpi" else "mpich")
    programs = glob.glob(f"/usr/lib/*/scalapack/{library}-tests/xdlu")
    if not programs:
        pytest.skip("no package scalapack-mpi-test")
    (tmp_path / "LU.dat").write_text(LU.format(rows=2, columns=n // 2))
    r = mpiexec.ok("-n", str(n), *HOSTS[nodes], "--wdir", tmp_path, programs[0], timeout=4 * PATIENCE)
    assert "    2 tests completed and passed residual checks." in r.out and \
        "    0 tests completed and failed residual checks." in r.out, r


# Each writes its row of a data set, and reads its neighbour's.
HDF5 = r"""
#include <hdf5.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, size, row[4], got[4];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
    H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, access);
    hsize_t whole[] = {size, 4}, start[] = {rank, 0}, count[] = {1, 4};
    hid_t space = H5Screate_simple(2, whole, NULL), memory = H5Screate_simple(2, count, NULL);
    hid_t set = H5Dcreate2(file, "rows", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < 4; i++)
        row[i] = 10 * rank + i;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    int bad = H5Dwrite(set, H5T_NATIVE_INT, memory, space, transfer, row) < 0;
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    MPI_Barrier(MPI_COMM_WORLD);
    start[0] = (rank + 1) % size;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    bad |= H5Dread(set, H5T_NATIVE_INT, memory, space, transfer, got) < 0;
    for (int i = 0; i < 4; i++)
        bad |= got[i] != 10 * (int)start[0] + i;
    H5Dclose(set);
    H5Sclose(space);
    H5Sclose(memory);
    H5Fclose(file);
    H5Pclose(access);
    H5Pclose(transfer);
    MPI_Finalize();
    printf("%d of %d: %s\n", rank, size, bad ? "bad" : "good");
    return bad;
}
"""


@pytest.mark.parametrize("library, n, nodes", [("openmpi", 4, 2), ("mpich", 2, 1)])
def test_hdf5(mpiexec, request, tmp_path, library, n, nodes):
    request.getfixturevalue("open_mpi" if library == "openmpi" else "mpich")
    compiler = shutil.which(f"h5pcc.{library}")
    if not compiler:
        pytest.skip(f"no package libhdf5-{library}-dev")
    (tmp_path / "rows.c").write_text(HDF5)
    subprocess.run([compiler, "-o", "rows", "rows.c"], cwd=tmp_path, check=True, capture_output=True)
    r = mpiexec.ok("-n", str(n), *HOSTS[nodes], tmp_path / "rows", tmp_path / "file.h5", timeout=4 * PATIENCE)
    assert sorted(r.lines) == [f"{i} of {n}: good" for i in range(n)], r
