# SPDX-License-Identifier: BSD-3-Clause
"""The installed tree, moved after it was installed: nothing in it may know where it was."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests"))
import trees

NOBODY = 65534


@pytest.fixture(scope="session")
def build():
    return trees.BUILD


@pytest.fixture(scope="session")
def anywhere():
    """A directory that every user may enter, unlike pytest's own."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="muster-install-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def tree(anywhere):
    """A copy of the installed tree, in its third place."""
    shutil.copytree(trees.installed().root, anywhere / "moved again", symlinks=True)
    return anywhere / "moved again"


@pytest.fixture(params=["root", "ordinary user"] if os.getuid() == 0 else ["ordinary user"])
def run(request, tree, anywhere):
    """run(shell command): in an empty directory, with the installed programs in PATH, as this user. stdin is empty."""
    cwd = pathlib.Path(tempfile.mkdtemp(dir=anywhere))
    keep = {k: v for k, v in os.environ.items() if k in ("LANG", "TERM") or k.startswith(("ASAN_", "UBSAN_", "LSAN_"))}
    env = {**keep, "PATH": f"{tree}/bin:/usr/bin:/bin", "HOME": str(cwd)}
    user = {}
    if os.getuid() == 0 and request.param == "ordinary user":
        os.chown(cwd, NOBODY, NOBODY)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    def go(command, **kw):
        return subprocess.run(["sh", "-c", command], cwd=cwd, env=env, capture_output=True, text=True, timeout=150,
                              stdin=subprocess.DEVNULL, **user, **kw)
    return go
