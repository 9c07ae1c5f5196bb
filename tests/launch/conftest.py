# SPDX-License-Identifier: BSD-3-Clause
"""Shared by the black-box tests of mpiexec: running it, and programs for it to run.

The programs under test are those of the installed tree (tests/trees.py). mpiexec runs with an environment of its own:
no MUSTER_* variable and no configuration file of the person who runs the tests.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

from processes import PATIENCE, Marked, began, family

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests"))
import trees

TREE = trees.installed()
MPIEXEC = str(TREE.mpiexec)

# A shell starts what it runs in the background with these ignored, and what is ignored stays so in a child.
for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(ignored) == signal.SIG_IGN:
        signal.signal(ignored, signal.SIG_DFL)


def clean_env(home, **more):
    """The environment of the tests, with what a user's own defaults could change left out. Hosts are meant to be
    simulated here, whatever allocation the tests may run in, and processors to be left to nobody but jobs of the test."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "MPIEXEC_", "HYDRA_", "PMI_"))}
    env.pop("XDG_CONFIG_HOME", None)
    env.update(HOME=str(home), MUSTER_LAUNCHER="fork", MUSTER_RMK="none", MUSTER_CLAIMS_FILE=str(home),
               MUSTER_NAMES_DIR=f"{home}/.names")
    env.update({k: str(v) for k, v in more.items()})
    return env


SHOWN = 8000  # characters of each stream, in the message of a test that fails


def shown(data):
    text = (data or b"").decode(errors="replace")
    return text if len(text) <= SHOWN else f"{text[:SHOWN // 2]}\n[...]\n{text[-SHOWN // 2:]}"


class Result(str):
    """What a finished mpiexec left: code, out and err (text; raw bytes in out_bytes). As a text it is all of that:
    pytest shows a text that an assertion names as it is, and of any other object some words."""

    def __new__(cls, code, out, err):
        self = super().__new__(cls, f"exit status {code}\n--- stdout\n{shown(out)}\n--- stderr\n{shown(err)}")
        self.code = code
        self.out_bytes = out
        self.out = out.decode(errors="replace")
        self.err = err.decode(errors="replace")
        return self

    @property
    def lines(self):
        return self.out.splitlines()


class Started(subprocess.Popen):
    """One whose end, where it does not come in time, fails the test with all that is known."""

    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        Marked.held[self.pid] = began(self.pid)

    def late(self, e):
        return f"no end within {e.timeout:.0f} s\n{family(self.pid)}\n--- stdout\n{shown(e.output)}\n--- stderr\n{shown(e.stderr)}"

    def communicate(self, *args, **kw):
        try:
            return super().communicate(*args, **kw)
        except subprocess.TimeoutExpired as e:
            raise AssertionError(self.late(e)) from None

    def wait(self, timeout=None):
        try:
            return super().wait(timeout)
        except subprocess.TimeoutExpired as e:
            raise AssertionError(self.late(e)) from None


class Runner:
    """mpiexec in a directory of the test's own. Everything still running at the end of the test is killed."""

    def __init__(self, cwd, program=MPIEXEC):
        self.cwd = cwd
        self.program = program
        self.running = []

    def start(self, *args, env=None, **kw):
        """Popen of mpiexec, in a session of its own; pipes for all three streams unless told otherwise."""
        for name in ("stdin", "stdout", "stderr"):
            kw.setdefault(name, subprocess.PIPE)
        kw.setdefault("cwd", self.cwd)
        kw.setdefault("start_new_session", True)
        words = [a if isinstance(a, bytes) else str(a) for a in args]
        p = Started([str(self.program), *words], env=clean_env(self.cwd, **(env or {})), **kw)
        self.running.append(p)
        return p

    def __call__(self, *args, stdin=b"", timeout=2 * PATIENCE, **kw):
        """Runs mpiexec to its end, which must come within timeout seconds."""
        p = self.start(*args, **kw)
        out, err = p.communicate(stdin, timeout=timeout)
        return Result(p.returncode, out or b"", err or b"")

    def ok(self, *args, **kw):
        """The same, and it must succeed."""
        r = self(*args, **kw)
        assert r.code == 0, r
        return r

    def end(self):
        for p in self.running:
            if p.poll() is None:
                self.tell(p)
                os.killpg(p.pid, signal.SIGKILL) if os.getpgid(p.pid) == p.pid else p.kill()
                p.wait()
            for f in (p.stdin, p.stdout, p.stderr):
                if f:
                    f.close()

    def tell(self, p):
        """Shown where the test has failed: what still runs, and what it has said that nobody has read."""
        print(family(p.pid))
        for f in filter(None, (p.stdout, p.stderr)):
            if not f.closed:
                os.set_blocking(f.fileno(), False)
                print(shown(f.read1(1 << 16)))


@pytest.fixture
def mpiexec(tmp_path):
    r = Runner(tmp_path)
    yield r
    r.end()


def compiled(directory, source, compiler, *flags):
    """The program made of C source text, compiled once for each text."""
    name = f"prog{abs(hash((source, compiler, flags))):x}"
    path = directory / name
    if not path.exists():
        (directory / f"{name}.c").write_text(source)
        subprocess.run([compiler, "-O1", "-o", str(path), str(directory / f"{name}.c"), *flags], check=True)
    return str(path)


def on_runtime(directory, source, tree=TREE):
    """The same on our own library, with its sanitizer if it has one."""
    kinds = os.environ.get("MUSTER_TEST_SANITIZERS")
    return compiled(directory, source, str(tree.mpicc), f"-I{TOP / 'tests/launch'}",
                    *([f"-fsanitize={kinds}"] if kinds else []))


def runtime_program(directory, name):
    """on_runtime for a file of this folder."""
    return on_runtime(directory, (TOP / "tests/launch" / name).read_text())


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    return tmp_path_factory.mktemp("programs")


@pytest.fixture
def cc(programs):
    """cc(source, *flags): a plain C program."""
    return lambda source, *flags: compiled(programs, source, "cc", *flags)


SIZE_OF_WORLD = """
#include <mpi.h>
int main(void) { int n; MPI_Init(0, 0); MPI_Comm_size(MPI_COMM_WORLD, &n); MPI_Finalize(); return n == 2 ? 0 : 9; }
"""


@pytest.fixture
def own_cc(programs):
    """own_cc(source): a program on our own library."""
    return lambda source: on_runtime(programs, source)


@pytest.fixture(scope="session")
def mpich(programs):
    """The compiler of the machine's MPICH. Ubuntu 24.04's does not work under its own mpiexec: PMIx is all it has."""
    compiler, hydra = shutil.which("mpicc.mpich"), shutil.which("mpiexec.mpich")
    if not compiler or not hydra:
        pytest.skip("no mpicc.mpich, or no mpiexec.mpich")
    if subprocess.run([hydra, "-n", "2", compiled(programs, SIZE_OF_WORLD, compiler)], capture_output=True).returncode:
        pytest.skip("this machine's MPICH finds no other rank under its own mpiexec either")
    return compiler


@pytest.fixture
def mpicc(programs, mpich):
    """mpicc(source, *flags): a program built with Debian's MPICH."""
    compiler = mpich
    return lambda source, *flags: compiled(programs, source, compiler, *flags)


@pytest.fixture(scope="session")
def open_mpi():
    """The compiler of the machine's Open MPI, where this build serves PMIx."""
    compiler = shutil.which("mpicc.openmpi")
    if not compiler:
        pytest.skip("no mpicc.openmpi")
    r = subprocess.run([MPIEXEC, "--pmi", "pmix", "-n", "1", "true"], capture_output=True, text=True,
                       env=clean_env("/nonexistent"))
    if r.returncode and ("without PMIx" in r.stderr or "libpmix" in r.stderr):
        pytest.skip(r.stderr.splitlines()[0])
    return compiler


@pytest.fixture
def ompicc(programs, open_mpi):
    """ompicc(source, *flags): a program built with Debian's Open MPI."""
    return lambda source, *flags: compiled(programs, source, open_mpi, *flags)


@pytest.fixture
def pmixcc(programs, open_mpi):
    """pmixcc(source): a program that speaks PMIx by OpenPMIx's own library."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "pmix"], capture_output=True, text=True).stdout.split()
    return lambda source: compiled(programs, source, "cc", *flags)
