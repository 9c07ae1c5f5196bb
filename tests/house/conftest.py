# SPDX-License-Identifier: BSD-3-Clause
"""The sources, as the tests of the house read them."""

import os
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
NOT_SOURCES = ("build", ".")


def files_of_tree():
    """Names of the files of the project, from its top: those that git has, or all of an unpacked archive."""
    git = subprocess.run(["git", "-C", TOP, "-c", f"safe.directory={TOP}", "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True) if (TOP / ".git").exists() and shutil.which("git") else None
    if git and git.returncode == 0:
        return sorted(name for name in git.stdout.splitlines() if (TOP / name).is_file())
    return sorted(str(p.relative_to(TOP)) for p in TOP.rglob("*")
                  if p.is_file() and not p.relative_to(TOP).parts[0].startswith(NOT_SOURCES))


@pytest.fixture(scope="session")
def tree():
    """The text of every file of the project that is text, by its name from the top."""
    texts = {}
    for name in files_of_tree():
        try:
            texts[name] = (TOP / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            pass  # seeds of fuzzers
    return texts


@pytest.fixture(scope="session")
def sources(tree):
    return {name: text for name, text in tree.items() if name.endswith((".c", ".h", ".def", ".in"))}


@pytest.fixture(scope="session")
def build():
    """The build tree that is under test."""
    return pathlib.Path(os.environ.get("MUSTER_TEST_BUILD", TOP / "build"))


@pytest.fixture(scope="session")
def generated(build):
    """Headers that the build makes, by the names that they are included by."""
    found = {p.relative_to(build) for p in build.rglob("*") if p.suffix in (".h", ".c", ".def") and "meson-" not in str(p)}
    return {str(p) for p in found} | {p.name for p in found}
