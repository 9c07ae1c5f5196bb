# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of PMI share: mpiexec and compilers as in tests/launch, and ranks written in Python."""

import importlib.util
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "launch"))  # processes, which its conftest needs too
_spec = importlib.util.spec_from_file_location("launch_fixtures", HERE.parent / "launch/conftest.py")
_launch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_launch)
mpiexec, programs, cc = _launch.mpiexec, _launch.programs, _launch.cc
mpich, mpicc = _launch.mpich, _launch.mpicc
open_mpi, ompicc, pmixcc, own_cc = _launch.open_mpi, _launch.ompicc, _launch.pmixcc, _launch.own_cc
on_runtime, clean_env, MPIEXEC, TREE = _launch.on_runtime, _launch.clean_env, _launch.MPIEXEC, _launch.TREE
Result, Started, Runner = _launch.Result, _launch.Started, _launch.Runner


class Ranks:
    """Runs a Python text as every rank of a job; rawpmi is imported for it."""

    def __init__(self, mpiexec, directory):
        self.mpiexec = mpiexec
        self.directory = directory

    def program(self, text):
        """The arguments of mpiexec that stand for this text."""
        path = self.directory / f"rank{len(list(self.directory.glob('rank*.py')))}.py"
        path.write_text(f"import os, sys, time\nsys.path.insert(0, {str(HERE)!r})\nfrom rawpmi import *\n" + text)
        return [sys.executable, "-S", str(path)]

    def __call__(self, *args, ok=True, **kw):
        """The last argument is the text, those before it are mpiexec's."""
        r = self.mpiexec(*args[:-1], *self.program(args[-1]), **kw)
        assert not ok or r.code == 0, r
        return r


@pytest.fixture
def ranks(mpiexec, tmp_path):
    return Ranks(mpiexec, tmp_path)
