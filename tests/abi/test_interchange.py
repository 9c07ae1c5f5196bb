# SPDX-License-Identifier: BSD-3-Clause
"""A program of the standard's ABI runs with any library of it: compiled with our mpi.h on MPICH 5 and Open MPI 6, and
compiled with theirs on ours.

They are looked for in a root of Debian unstable, $MUSTER_BENCH_SID, else /srv/sid; without it those tests are skipped.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SID = pathlib.Path(os.environ.get("MUSTER_BENCH_SID", "/srv/sid"))
LIBS = SID / "usr/lib/x86_64-linux-gnu"

# name: folder of the link that LD_LIBRARY_PATH takes, the library itself, its header, how it starts programs
OTHERS = {
    "mpich5": ("mpich", "libmpi_abi_mpich.so.1.0.0", "mpi_abi_mpich/include", ["mpiexec.mpich"]),
    "openmpi6": ("openmpi", "libmpi_abi_openmpi.so.1.0.0", "openmpi/include/standard_abi",
                 ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe"]),
}
pytestmark = [
    pytest.mark.skipif(bool(os.environ.get("MUSTER_TEST_SANITIZERS")), reason="a sanitizer is no part of the ABI"),
]


@pytest.fixture(params=OTHERS)
def other(request):
    folder, library, include, start = OTHERS[request.param]
    if not (LIBS / library).exists() or not (LIBS / include / "mpi.h").exists():
        pytest.skip(f"no {request.param} in {SID}")
    return folder, LIBS / library, LIBS / include, start


def finished(cmd, **kw):
    env = dict(os.environ, UCX_LOG_LEVEL="error", OMPI_MCA_btl_base_warn_component_unused="0")
    env.update(kw)
    r = subprocess.run([str(word) for word in cmd], capture_output=True, text=True, timeout=150, env=env,
                       stdin=subprocess.DEVNULL)
    assert r.returncode == 0, r.stdout + r.stderr
    return r


def compiled(cmd, out, *libraries):
    finished([*cmd, "-Wall", "-Werror", "-std=c99", HERE / "interchange.c", "-o", out, *libraries])
    return out


@pytest.mark.parametrize("ranks", [1, 2, 5])
def test_ours_on_ours(tmp_path, each_tree, ranks):
    r = finished([each_tree.mpiexec, "-n", ranks, compiled([each_tree.mpicc], tmp_path / "program")])
    assert f"all well with {ranks}" in r.stdout and "library: Muster" in r.stdout, r


@pytest.mark.parametrize("ranks", [1, 4])
def test_ours_on_theirs(tmp_path, tree, other, ranks):
    folder, _, _, start = other
    if os.geteuid():
        pytest.skip("only root may enter the other root")
    if not pathlib.Path(f"{SID}{tmp_path}").exists():
        pytest.skip(f"{tmp_path} is not to be seen inside {SID}")
    program = compiled([tree.mpicc], tmp_path / "program")
    r = finished(["chroot", SID, "env", f"LD_LIBRARY_PATH=/opt/abi/{folder}", *start, "-n", ranks, program])
    assert f"all well with {ranks}" in r.stdout and "Muster" not in r.stdout, r


@pytest.mark.parametrize("ranks", [1, 4])
def test_theirs_on_ours(tmp_path, tree, other, ranks):
    _, library, include, _ = other
    cc = shutil.which("cc")
    program = compiled([cc, f"-I{include}"], tmp_path / "program", library, "-Wl,--allow-shlib-undefined")
    needed = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    assert "[libmpi_abi.so.1]" in needed and "RUNPATH" not in needed, needed
    r = finished([tree.mpiexec, "-n", ranks, program], LD_LIBRARY_PATH=str(tree.lib))
    assert f"all well with {ranks}" in r.stdout and "library: Muster" in r.stdout, r


@pytest.mark.parametrize("how", [["-std=c99", "-pedantic-errors"], ["-std=c11", "-Wstrict-prototypes"], ["-std=gnu17"],
                                 ["-xc++", "-std=c++11", "-pedantic-errors"], ["-xc++", "-std=c++17"]])
def test_header_in_every_language(tmp_path, tree, how):
    """mpi.h in strict C and C++: no warning, and the names of a table of constants are constant expressions."""
    text = ("#include <mpi.h>\n#include <mpi.h>\nstatic const MPI_Comm c = MPI_COMM_WORLD;\n"
            "static const MPI_Datatype t[] = {MPI_INT, MPI_DOUBLE, MPI_C_BOOL};\n"
            "int main(int argc, char **argv)\n{\n    int rank;\n    MPI_Init(&argc, &argv);\n"
            "    MPI_Comm_rank(MPI_Comm_f2c(MPI_Comm_c2f(c)), &rank);\n    MPI_Bcast(&rank, 1, t[0], 0, c);\n"
            "    return MPI_Finalize() || MPI_VERSION < 5 || MPI_ABI_VERSION != 1;\n}\n")
    source = tmp_path / "program.c"
    source.write_text(text)
    wrapper = tree.mpicc.with_name("mpicxx" if "-xc++" in how else "mpicc")
    finished([wrapper, *how, "-Wall", "-Wextra", "-Werror", source, "-o", tmp_path / "program"])
    finished([tree.mpiexec, "-n", 2, tmp_path / "program"])
