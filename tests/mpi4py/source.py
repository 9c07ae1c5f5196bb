# SPDX-License-Identifier: BSD-3-Clause
"""mpi4py as this machine's distribution has it: its source by apt-get, built with the mpicc under test.

Nothing of the machine's own apt is touched: the lists of sources are fetched into a folder of the build, which needs no
right and no line in /etc/apt. What was fetched and built once is used again; each way in which it cannot be had raises
Missing with the reason.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

# What builds it, and what its tests use beside it; .ci/need has their packages.
CAN_BUILD = "import Cython, numpy, os, setuptools, sysconfig; os.stat(sysconfig.get_paths()['include'] + '/Python.h')"


class Missing(Exception):
    pass


def python():
    """The Python that it is built for: the distribution's before others."""
    for name in ("/usr/bin/python3", sys.executable):
        if shutil.which(name) and not subprocess.run([name, "-c", CAN_BUILD], capture_output=True).returncode:
            return name
    raise Missing("no python3 here has Cython, numpy, setuptools and its headers "
                  "(apt-get install cython3 python3-numpy python3-setuptools python3-dev)")


def with_sources(name, text):
    """A list of apt's that has packages, turned into one that has sources: either of its two forms."""
    if name.endswith(".sources"):
        return re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.M)
    return re.sub(r"^deb(-src)?\s", "deb-src ", text, flags=re.M)


def apt_options(home):
    """Options that keep apt-get within home, where it finds the sources of the machine's own archives."""
    parts = home / "apt/parts"
    for folder in (parts, home / "apt/lists/partial", home / "apt/cache/archives/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    etc = pathlib.Path("/etc/apt")
    for path in [etc / "sources.list", *etc.glob("sources.list.d/*.sources"), *etc.glob("sources.list.d/*.list")]:
        if path.exists():
            (parts / path.name.replace("sources.list", "sources-list.list")).write_text(with_sources(path.name, path.read_text()))
    values = {"Dir::Etc::SourceList": "/dev/null", "Dir::Etc::SourceParts": parts, "Dir::State::Lists": home / "apt/lists",
              "Dir::Cache": home / "apt/cache", "Acquire::Retries": 1, "Acquire::http::Timeout": 20}
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def apt_get(home, *words):
    """(whether it succeeded, what it wrote)"""
    try:
        r = subprocess.run(["apt-get", "-q", *apt_options(home), *words], cwd=home, text=True, timeout=300,
                           env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return False, "E: no end within 300 s"
    return r.returncode == 0, r.stdout


def unpacked(home):
    """The one source tree in home, or None."""
    return next((p for p in sorted(home.glob("mpi4py-*")) if (p / "setup.py").exists()), None)


def fetched(home):
    """The source tree; only one that was unpacked whole counts."""
    if (home / "fetched").exists():
        return unpacked(home)
    for program in ("apt-get", "dpkg-source"):
        if not shutil.which(program):
            raise Missing(f"no {program} here")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    apt_get(home, "update")  # lists of others may fail; whether there is a source shows the next
    well, text = apt_get(home, "source", "mpi4py")
    if not well or not unpacked(home):
        errors = [line for line in text.splitlines() if line.startswith("E:")] or text.splitlines()[-1:] or ["nothing said"]
        raise Missing(f"apt-get source mpi4py: {errors[0]}")
    (home / "fetched").touch()
    return unpacked(home)


def built(home, tree):
    """(folder for PYTHONPATH, folder of its tests), built with the mpicc of tree; again where mpi.h is another."""
    py = python()
    source = fetched(home)
    place = home / f"built-{hashlib.sha256(tree.header.read_bytes() + py.encode()).hexdigest()[:16]}"
    if not place.exists():
        link = home / "tree"  # its setup.py takes words apart at spaces
        link.unlink(missing_ok=True)
        link.symlink_to(tree.root)
        partly, mpicc = home / "partly", link / tree.mpicc.relative_to(tree.root)
        shutil.rmtree(partly, ignore_errors=True)
        r = subprocess.run([py, "setup.py", "build", f"--build-base={partly}", f"--mpicc={mpicc}"], cwd=source, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode:
            raise AssertionError(r.stdout[-6000:])
        partly.rename(place)
    return next(place.glob("lib.*")), source / "test"
