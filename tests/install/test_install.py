# SPDX-License-Identifier: BSD-3-Clause
"""The installed tree works where it is moved to, for root and for others, and the README's examples work in it."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest
from conftest import TOP

# Examples of the README: its indented lines that begin so; "# exit status N" says how one ends.
EXAMPLE = re.compile(r"^    ((?:\S+ \| )?mpiexec .*?)(?:\s+# exit status (\d+))?$", re.M)
EXAMPLES = EXAMPLE.findall((TOP / "README.md").read_text())


def test_the_tree_is_whole(tree):
    for name in ("bin/mpiexec", "bin/muster-names", "libexec/muster/muster-proxy", "share/man/man1/mpiexec.1", "include/mpi.h",
                 "share/man/man1/mpicc.1", "share/man/man1/muster-names.1", "share/man/man7/libmpi_abi.7", "share/man/man7/muster-files.7",
                 "share/man/man7/muster-hosts.7", "share/man/man7/muster-spawn.7"):
        assert (tree / name).is_file(), name
    assert list(tree.rglob("libmpi_abi.so.1"))


def test_other_names(run):
    """mpirun is mpiexec, mpic++ is mpicxx: of the tree, wherever it is."""
    r = run("mpirun -n 2 echo hello")
    assert r.returncode == 0 and r.stdout == "hello\nhello\n", r
    r, s = run("mpic++ -show"), run("mpicxx -show")
    assert r.returncode == 0 and r.stdout == s.stdout, r


def test_a_compiler_of_ours_says_what_it_adds(run, tree):
    include, lib = tree / "include", next(tree.rglob("libmpi_abi.so.1")).parent
    told = {what: run(f"mpicc {what}") for what in ("--show x.c", "--showme:incdirs", "-showme:libdirs", "--showme:libs",
                                                    "-showme:command", "--help", "-showme:nothing")}
    out = {what: r.stdout.strip() for what, r in told.items()}
    assert out["--show x.c"].startswith(f"cc -I{include} x.c -L{lib} ") and out["--show x.c"].endswith("-lmpi_abi"), out
    assert out["--showme:incdirs"] == str(include) and out["-showme:libdirs"] == str(lib), out
    assert out["--showme:libs"] == "mpi_abi" and out["-showme:command"] == "cc", out
    assert "usage: mpicc" in out["--help"] and told["-showme:nothing"].returncode == 1, told
    assert run("MPICH_CC=gcc mpicc -showme:command").stdout == "gcc\n"
    assert run("OMPI_CC=gcc mpicc -showme:command").stdout == "gcc\n"
    assert run("OMPI_CXX=g++ MUSTER_CXX=c++ mpicxx -showme:command").stdout == "c++\n"


PROGRAM = """#include <mpi.h>
int main(void) { int n; MPI_Init(0, 0); MPI_Comm_size(MPI_COMM_WORLD, &n); MPI_Finalize(); return n == 2 ? 0 : 9; }
"""


def built_by(run, files, command):
    """An MPI program built so finds ours, and its two ranks each other."""
    texts = " && ".join(f"printf %s {shlex.quote(text)} > {name}" for name, text in {"main.c": PROGRAM, **files}.items())
    kinds = os.environ.get("MUSTER_TEST_SANITIZERS")  # of the library, which such a program alone can load
    flags = f"export CFLAGS=-fsanitize={kinds} && " if kinds else ""
    r = run(f"{flags}{texts} && {command} && readelf -d b/main && mpiexec -n 2 b/main")
    assert r.returncode == 0 and "libmpi_abi.so.1" in r.stdout, r


@pytest.mark.parametrize("how", ["-DMPI_HOME={tree}", ""], ids=["MPI_HOME", "PATH"])
def test_cmake_finds_the_tree(run, tree, how):
    if not shutil.which("cmake", path="/usr/bin:/bin"):
        pytest.skip("no cmake")
    lists = """cmake_minimum_required(VERSION 3.10)
project(p C)
find_package(MPI REQUIRED COMPONENTS C)
add_executable(main main.c)
target_link_libraries(main MPI::MPI_C)
"""
    how = shlex.quote(how.format(tree=tree)) if how else ""
    built_by(run, {"CMakeLists.txt": lists}, f"cmake -S . -B b {how} && cmake --build b")


def test_meson_finds_the_tree(run, tree):
    if not shutil.which("meson", path="/usr/bin:/bin"):
        pytest.skip("no meson")
    pc = shlex.quote(str(next(tree.rglob("ompi-c.pc")).parent))
    built_by(run, {"meson.build": "project('p', 'c')\nexecutable('main', 'main.c', dependencies: dependency('mpi'))\n"},
             f"PKG_CONFIG_PATH={pc} meson setup b && ninja -C b")


@pytest.mark.parametrize("n, how", [(3, "--radix 1"), (64, "")], ids=["a chain", "two levels"])
def test_a_proxy_starts_those_below_it(run, n, how):
    """By its own program, wherever that is: not by mpiexec's way to it."""
    r = run(f"mpiexec --launcher fork --hosts $(seq -s, 1 {n}) {how} -n {n} echo here")
    assert r.returncode == 0 and r.stdout == "here\n" * n, r


def test_pkg_config_finds_the_tree_where_it_is(tree):
    pc = next(tree.rglob("mpi_abi.pc"))
    if not shutil.which("pkg-config"):
        pytest.skip("no pkg-config")
    r = subprocess.run(["pkg-config", "--cflags", "--libs", "mpi_abi"], capture_output=True, text=True,
                       env={**os.environ, "PKG_CONFIG_PATH": str(pc.parent)})
    words = shlex.split(r.stdout)
    assert r.returncode == 0 and words[-1] == "-lmpi_abi", r
    include, lib = (pathlib.Path(w[2:]) for w in words[:2])
    assert (include / "mpi.h").is_file() and (lib / "libmpi_abi.so.1").exists() and tree.resolve() in include.resolve().parents


def test_no_text_in_the_tree_names_the_place_that_it_was_built_in(tree, build):
    texts = [p for p in tree.rglob("*") if p.is_file() and p.read_bytes()[:4] != b"\x7fELF"]
    places = re.compile(b"(?<![\\w.~}-])(%s)\\b" % b"|".join(re.escape(str(p).encode()) for p in (build, TOP)))
    assert texts and [p for p in texts if places.search(p.read_bytes())] == []


def test_programs_look_for_libraries_nowhere_near_the_build(tree, build):
    for program in (tree / "bin/mpiexec", tree / "bin/muster-names", tree / "libexec/muster/muster-proxy"):
        dynamic = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
        assert "NEEDED" in dynamic and "RUNPATH" not in dynamic and "RPATH" not in dynamic, dynamic


def test_programs_are_hardened(tree):
    for program in (tree / "bin/mpiexec", tree / "bin/muster-names", tree / "libexec/muster/muster-proxy"):
        told = subprocess.run(["readelf", "-hldW", program], capture_output=True, text=True, check=True).stdout
        assert re.search(r"Type:\s+DYN", told) and "GNU_RELRO" in told, told
        assert re.search(r"FLAGS.*\bNOW\b", told) and not re.search(r"GNU_STACK.*RWE", told), told


def test_there_are_examples():
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("command, status", EXAMPLES, ids=[c for c, _ in EXAMPLES])
def test_an_example_of_the_readme_works(run, command, status):
    r = run(command)
    assert r.returncode == int(status or 0), r
    assert status or "mpiexec: " not in r.stderr, r
