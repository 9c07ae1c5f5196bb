# SPDX-License-Identifier: BSD-3-Clause
"""What the tests over several hosts share: one rig of hosts for the session (rig.py), as it was at the start of each test,
and mpiexec on its front. Afterwards nothing of a test runs on any host."""

import importlib.util
import os
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "launch"))  # processes, which its conftest needs too
_spec = importlib.util.spec_from_file_location("launch_fixtures", HERE.parent / "launch/conftest.py")
_launch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_launch)
programs, mpich, mpicc, on_runtime = _launch.programs, _launch.mpich, _launch.mpicc, _launch.on_runtime
open_mpi, ompicc = _launch.open_mpi, _launch.ompicc
MPIEXEC, TREE, Result, Started, clean_env = (_launch.MPIEXEC, _launch.TREE, _launch.Result, _launch.Started,
                                             _launch.clean_env)

import grid_engine as grid_engines
import rig as rigs
import slurm as slurms
from processes import PATIENCE, until

HOSTS = 4


@pytest.fixture(scope="session")
def whole_rig(tmp_path_factory):
    if why := rigs.why_not():
        pytest.skip(why)
    r = rigs.Rig(tmp_path_factory.mktemp("rig"), HOSTS)
    r.up()
    yield r
    r.down()


@pytest.fixture
def rig(whole_rig):
    whole_rig.reset()
    yield whole_rig
    left = {}

    def none_left():
        left.update(now=whole_rig.left())
        return not left["now"]
    try:
        until(none_left)
    except AssertionError:
        words = {h: [open(f"/proc/{p}/cmdline").read().replace("\0", " ") for p in pids] for h, pids in left["now"].items()}
        for pids in left["now"].values():
            for p in pids:
                os.kill(p, signal.SIGKILL)
        pytest.fail(f"left on the hosts: {words}")


@pytest.fixture(scope="session")
def whole_slurm(whole_rig):
    if why := slurms.why_not():
        pytest.skip(why)
    s = slurms.Slurm(whole_rig)
    s.up()
    return s


class Mpiexec:
    """mpiexec on the front, by one launcher."""

    def __init__(self, rig, cwd, launcher):
        self.rig, self.cwd, self.launcher, self.running = rig, cwd, launcher, []

    def start(self, *args, program=MPIEXEC, env=None, cwd=None, **kw):
        for name in ("stdin", "stdout", "stderr"):
            kw.setdefault(name, _launch.subprocess.PIPE)
        way = ["--launcher", self.launcher] if self.launcher else []
        more = [f"{name}={value}" for name, value in (env or {}).items()]
        words = self.rig.front.enter("/usr/bin/env", *more, str(program), *way, *map(str, args), cwd=cwd or self.cwd)
        p = Started(words, env=clean_env(self.cwd, MUSTER_LAUNCHER="", MUSTER_RMK=""), start_new_session=True, **kw)
        self.running.append(p)
        return p

    @staticmethod
    def pid(p):
        """Of mpiexec itself, below what has entered the front."""
        def find():
            for child in rigs.children(p.pid):
                if os.readlink(f"/proc/{child}/exe").endswith("mpiexec"):
                    return child
        return until(find)

    def __call__(self, *args, stdin=b"", timeout=2 * PATIENCE, **kw):
        p = self.start(*args, **kw)
        out, err = p.communicate(stdin, timeout=timeout)
        return Result(p.returncode, out or b"", err or b"")

    def ok(self, *args, **kw):
        r = self(*args, **kw)
        assert r.code == 0, r
        return r

    def end(self):
        for p in self.running:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
            for f in (p.stdin, p.stdout, p.stderr):
                if f:
                    f.close()


@pytest.fixture(params=["ssh", "ssh-exec"])
def launcher(request):
    return request.param


@pytest.fixture
def mpiexec(rig, tmp_path, launcher):
    m = Mpiexec(rig, tmp_path, launcher)
    yield m
    m.end()


def quoted(script):
    return script.replace("$M ", '"$M" ')


class Jobs:
    """Scripts of bash in jobs of Slurm; $M is mpiexec, and the test's directory their own."""

    def __init__(self, slurm, cwd):
        self.slurm, self.rig, self.cwd, self.running = slurm, slurm.rig, cwd, []

    def environment(self, env):
        return [f"{k}={v}" for k, v in {**self.slurm.env, "M": MPIEXEC, "MUSTER_LAUNCHER": "", "MUSTER_RMK": "", **env}.items()]

    def start(self, script, *args, env={}, **kw):
        for name in ("stdin", "stdout", "stderr"):
            kw.setdefault(name, _launch.subprocess.PIPE)
        words = self.rig.front.enter("env", *self.environment(env), "salloc", "-Q", *args, "bash", "-c", quoted(script), cwd=self.cwd)
        p = Started(words, env=clean_env(self.cwd), start_new_session=True, **kw)
        self.running.append(p)
        return p

    def __call__(self, script, *args, stdin=b"", timeout=2 * PATIENCE, **kw):
        p = self.start(script, *args, **kw)
        out, err = p.communicate(stdin, timeout=timeout)
        return Result(p.returncode, out or b"", err or b"")

    def ok(self, *args, **kw):
        r = self(*args, **kw)
        assert r.code == 0, r
        return r

    def batch(self, text, *args):
        """What a batch script writes, and its exit status."""
        (self.cwd / "batch").write_text("#!/bin/bash\n" + quoted(text))
        words = self.rig.front.enter("env", *self.environment({}), "sbatch", "-Q", "--wait", "-o", "batch.out", *args, "batch",
                                     cwd=self.cwd)
        p = _launch.subprocess.run(words, env=clean_env(self.cwd), timeout=2 * PATIENCE, capture_output=True)
        return Result(p.returncode, (self.cwd / "batch.out").read_bytes(), p.stderr)

    def here(self, *ranks):
        until(lambda: all((self.cwd / f"here.{r}").exists() for r in ranks))

    def end(self):
        for p in self.running:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
            for f in (p.stdin, p.stdout, p.stderr):
                if f:
                    f.close()


@pytest.fixture
def jobs(whole_slurm, rig, tmp_path):
    whole_slurm.reset()
    j = Jobs(whole_slurm, tmp_path)
    yield j
    j.end()
    whole_slurm.reset()


@pytest.fixture(scope="session")
def whole_grid_engine(whole_rig):
    if why := grid_engines.why_not():
        pytest.skip(why)
    g = grid_engines.GridEngine(whole_rig)
    g.up()
    return g


@pytest.fixture
def grid_engine(whole_grid_engine, rig):
    whole_grid_engine.reset()
    yield whole_grid_engine
    rig.reset()
    whole_grid_engine.reset()
