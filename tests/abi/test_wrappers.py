# SPDX-License-Identifier: BSD-3-Clause
"""mpicc as build systems and users meet it: what it says of itself, odd arguments, a compiler that is not there."""

import os
import shutil
import subprocess

import pytest

PROGRAM = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    int size;
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    puts(TEXT);
    return MPI_Finalize() || size != 2;
}
"""
pytestmark = pytest.mark.skipif(bool(os.environ.get("MUSTER_TEST_SANITIZERS")),
                                reason="programs would have to be compiled with the sanitizer")


def run(*cmd, cwd=None, **env):
    return subprocess.run([str(word) for word in cmd], capture_output=True, text=True, cwd=cwd, timeout=150,
                          env={**os.environ, **env}, stdin=subprocess.DEVNULL)


def test_no_compiler(tree):
    r = run(tree.mpicc, "x.c", MUSTER_CC="no-such-compiler -O2")
    assert r.returncode == 127 and len(r.stderr.splitlines()) == 1, r
    assert '"no-such-compiler" was not found' in r.stderr and "MUSTER_CC" in r.stderr, r


def test_version(tree):
    r = run(tree.mpicc, "-showme:version")
    assert r.returncode == 0 and r.stdout.startswith("mpicc: Muster "), r


def test_show(plain_tree):
    """Alone it tells all that is added; with -c only what a compilation needs; a bare mpicc is the compiler's to answer."""
    shown = run(plain_tree.mpicc, "-show", MUSTER_CC="true").stdout.split()
    assert shown[0] == "true" and shown[-1] == "-lmpi_abi" and shown[1].startswith("-I"), shown
    assert any(word.startswith("-L") for word in shown), shown
    shown = run(plain_tree.mpicc, "-show", "-c", "x.c", MUSTER_CC="true").stdout.split()
    assert shown[0] == "true" and shown[-2:] == ["-c", "x.c"] and len(shown) == 4, shown
    assert run(plain_tree.mpicc, MUSTER_CC="echo").stdout == run(plain_tree.mpicc, "-showme:compile").stdout


def test_words_keep_their_quoting(tmp_path, each_tree):
    (tmp_path / "a program.c").write_text(PROGRAM)
    r = run(each_tree.mpicc, '-DTEXT="two  words $HOME"', "a program.c", "-o", "an executable", cwd=tmp_path)
    assert r.returncode == 0, r
    r = run(each_tree.mpiexec, "-n", 2, tmp_path / "an executable")
    assert r.returncode == 0 and r.stdout == "two  words $HOME\n" * 2, r


@pytest.mark.parametrize("system", ["cmake", "meson"])
def test_build_systems_find_it(tmp_path, plain_tree, system):
    """Where no other library says that it is MPI: Meson asks pkg-config for Open MPI first, and CMake takes the mpicc
    that is beside the first mpiexec, unless it is told another one."""
    if not shutil.which(system):
        pytest.skip(f"no {system} here")
    (tmp_path / "p.c").write_text(PROGRAM.replace("TEXT", '"found"'))
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.10)\nproject(p C)\nfind_package(MPI REQUIRED COMPONENTS C)\n"
        "add_executable(p p.c)\ntarget_link_libraries(p MPI::MPI_C)\n")
    (tmp_path / "meson.build").write_text(
        "project('p', 'c')\nexecutable('p', 'p.c', dependencies: dependency('mpi', language: 'c'))\n")
    mpicc = plain_tree.mpicc
    env = {"PATH": f"{mpicc.parent}:{os.environ['PATH']}", "PKG_CONFIG_LIBDIR": "/nowhere", "MPICC": str(mpicc)}
    for cmd in {"cmake": (["cmake", f"-DMPI_C_COMPILER={mpicc}", "-B", "b", "."], ["cmake", "--build", "b"]),
                "meson": (["meson", "setup", "b"], ["ninja", "-C", "b"])}[system]:
        r = run(*cmd, cwd=tmp_path, **env)
        assert r.returncode == 0, r.stdout + r.stderr
    r = run(plain_tree.mpiexec, "-n", 2, tmp_path / "b/p")
    assert r.returncode == 0 and r.stdout == "found\n" * 2, r
