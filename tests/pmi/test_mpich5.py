# SPDX-License-Identifier: BSD-3-Clause
"""Spawn, ports and names with MPICH 5, whose programs run under our mpiexec inside a root of Debian unstable.

The root is $MUSTER_MPICH5_ROOT, else /srv/sid: made by debootstrap, with mpich and gcc installed, and with /proc, /dev, /sys
and /tmp mounted. Without it, or without the right to enter it, these tests are skipped.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import TREE

ROOT = pathlib.Path(os.environ.get("MUSTER_MPICH5_ROOT", "/srv/sid"))
HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """run(program source, mpiexec arguments...): a finished process."""
    here = tmp_path_factory.mktemp("mpich5")
    if os.geteuid() or not (ROOT / "usr/bin/mpicc.mpich").exists() or not pathlib.Path(f"{ROOT}{here}").exists():
        pytest.skip(f"no root with MPICH 5 at {ROOT}")
    libs = here / "lib"
    libs.mkdir()
    for program in (TREE.mpiexec, TREE.proxy):
        copy = here / "tree" / program.relative_to(TREE.root)
        copy.parent.mkdir(parents=True)
        shutil.copy(program, copy)
        ldd = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
        for line in ldd.splitlines():
            path = line.split("=> ")[-1].split(" (")[0].strip()
            if path.startswith("/") and not pathlib.Path(f"{ROOT}{path}").exists():
                if not (ROOT / "usr/lib/x86_64-linux-gnu" / pathlib.Path(path).name).exists():
                    shutil.copy(path, libs)

    def run(source, *args):
        out = here / pathlib.Path(source).stem
        if not out.exists():
            shutil.copy(HERE / "mpich5" / source, here)
            subprocess.run(["chroot", ROOT, "mpicc.mpich", "-o", out, here / source], check=True)
        cmd = ["chroot", ROOT, "env", f"LD_LIBRARY_PATH={libs}", here / "tree" / TREE.mpiexec.relative_to(TREE.root), *args, out]
        return subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)

    return run


@pytest.mark.parametrize("nodes", [(), ("--launcher", "fork", "--hosts", "a,b")], ids=["1 node", "2 nodes"])
def test_spawn(inside, nodes):
    r = inside("spawn.c", "-n", "2", *nodes)
    assert r.returncode == 0, r
    lines = sorted(r.stdout.splitlines())
    assert lines == [
        "child 0 of 2, app 0, an arg",
        "child 0 of 3, app 0, an arg",
        "child 1 of 2, app 0, an arg",
        "child 1 of 3, app 1, an arg",
        "child 2 of 3, app 1, an arg",
        "missing: an error code",
        "sum 201",
        "sum 303",
    ], r


def test_ports_and_names(inside):
    """One transport: the addresses of all of UCX's are longer than a port name may be, under any launcher."""
    r = inside("names.c", "-n", "2", "-genv", "UCX_TLS", "posix")
    assert r.returncode == 0 and r.stdout == "accepted 42\n", r
