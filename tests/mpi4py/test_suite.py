# SPDX-License-Identifier: BSD-3-Clause
"""A large program that others wrote: the tests of mpi4py 4.1, on this library, by this mpiexec and by Hydra's.

$MUSTER_TEST_MPI4PY names a source tree of mpi4py in which it has been built in place with this tree's mpicc
(`python3 setup.py build_ext --inplace --mpicc=.../mpicc`); without it all is skipped.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MUSTER_TEST_BUILD", TOP / "build"))
MPIEXEC = os.environ.get("MUSTER_TEST_MPIEXEC", str(BUILD / "launcher/mpiexec"))
MPI4PY = os.environ.get("MUSTER_TEST_MPI4PY")

pytestmark = [
    pytest.mark.skipif(not MPI4PY, reason="MUSTER_TEST_MPI4PY names no built mpi4py"),
    pytest.mark.timeout(600),
]

CHAPTERS = {
    "environment": "doc environ errorcode errhandler info mpiabi mpiapi mpimem address toplevel package",
    "communicators": "comm group attributes handle threads",
    "messages": "p2p_buf p2p_obj p2p_buf_matched p2p_obj_matched buffer msgzero",
    "requests": "request status grequest",
    "datatypes": "datatype pack ctypes pickle",
    "collectives": "cco_buf cco_obj cco_vec cco_nb_buf cco_nb_vec cco_pr_buf cco_pr_vec op",
}
# What the library has not got yet, inside of these.
LATER = ["TestErrhandlerFile", "TestErrhandlerWin", "TestErrhandlerSession"]

LAUNCHERS = {"muster": MPIEXEC, "hydra": shutil.which("mpiexec.hydra")}


def run(launcher, ranks, *args):
    """Runs python with args on so many ranks; kills all of it when it takes too long. (exit status, all it wrote)"""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "MPIEXEC_", "HYDRA_", "PMI_"))}
    env["LD_LIBRARY_PATH"] = str(BUILD / "lib")
    env["PYTHONPATH"] = str(pathlib.Path(MPI4PY) / "src")
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [launcher, "-n", str(ranks), sys.executable, *args]
    p = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         cwd=pathlib.Path(MPI4PY) / "test", start_new_session=True)
    try:
        out, _ = p.communicate(timeout=500)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, _ = p.communicate()
        pytest.fail("no end:\n" + out.decode(errors="replace")[-3000:])
    return p.returncode, out.decode(errors="replace")


@pytest.fixture(params=LAUNCHERS)
def launcher(request):
    if not LAUNCHERS[request.param]:
        pytest.skip("no mpiexec.hydra here")
    return LAUNCHERS[request.param]


def test_it_is_this_library(launcher):
    """What is loaded is the library under test, and the ranks are ranks of one job."""
    code, out = run(launcher, 3, "-c", "from mpi4py import MPI; print(MPI.Get_library_version().split()[0], "
                                       "MPI.COMM_WORLD.allreduce(1), flush=True)")
    assert code == 0, out
    assert out.split() == ["Muster", "3"] * 3


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter(launcher, chapter, ranks):
    modules = CHAPTERS[chapter].split()
    exclude = [word for name in LATER for word in ("-x", name)]
    code, out = run(launcher, ranks, "main.py", "--inplace", "-v", *exclude,
                    "-i", "^test_(%s).py$" % "|".join(modules))
    assert code == 0, out[-6000:]
    ran = [int(n) for n in re.findall(r"Ran (\d+) tests? in", out)]
    assert len(ran) == ranks and min(ran) == max(ran) > 10 and len(re.findall(r"\bOK\b", out)) >= ranks, out[-6000:]
