# SPDX-License-Identifier: BSD-3-Clause
"""Trees of programs for the black-box tests: as they are installed and then moved, and as they are built.

The tests run what users have, the installed tree: it is made in the build folder, moved to a place with a space in its
name, and made anew only when something was built since. Where a layout matters, tests take both. $MUSTER_TEST_TREE names
the root of another tree, of either layout.
"""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("MUSTER_TEST_BUILD", TOP / "build"))


class Tree:
    """The programs below a root, found in the layout that is there."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.is_build = (self.root / "launcher/mpiexec").exists()
        if self.is_build:
            self.mpiexec, self.proxy = self.root / "launcher/mpiexec", self.root / "proxy/muster-proxy"
            self.names = self.root / "registry/muster-names"
            self.mpicc, self.lib = self.root / "lib/wrappers/mpicc", self.root / "lib"
            self.header = self.root / "lib/mpi.h"
        else:
            self.mpiexec, self.proxy = self.root / "bin/mpiexec", self.root / "libexec/muster/muster-proxy"
            self.names = self.root / "bin/muster-names"
            self.mpicc, self.lib = self.root / "bin/mpicc", next(p.parent for p in self.root.rglob("libmpi_abi.so.1"))
            self.header = self.root / "include/mpi.h"


def what_would_be_installed():
    """A text that changes with each build of anything that is installed."""
    plan = BUILD / "meson-info/intro-installed.json"
    sources = [plan, *map(pathlib.Path, json.loads(plan.read_text()))]
    return "".join(f"{p} {p.stat().st_mtime_ns} {p.stat().st_size}\n" for p in sources if p.is_absolute())


def install_moved(where):
    """Installs what is built, and moves it to `where`."""
    first = where.with_name("first")
    shutil.rmtree(where, ignore_errors=True)
    shutil.rmtree(first, ignore_errors=True)
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", first], check=True,
                   stdout=subprocess.DEVNULL)
    (mpiexec,) = first.rglob("bin/mpiexec")
    shutil.move(mpiexec.parent.parent, where)
    shutil.rmtree(first)


def installed():
    """The tree under test; for all suites that run at once the same one."""
    if "MUSTER_TEST_TREE" in os.environ:
        return Tree(os.environ["MUSTER_TEST_TREE"])
    home = BUILD / "installed"
    home.mkdir(exist_ok=True)
    where, stamp = home / "moved to", home / "stamp"
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = what_would_be_installed()
        if not stamp.exists() or stamp.read_text() != now or not (where / "bin/mpiexec").exists():
            stamp.unlink(missing_ok=True)
            install_moved(where)
            stamp.write_text(now)
    return Tree(where)


def built():
    """The tree as it is built."""
    return Tree(BUILD)
