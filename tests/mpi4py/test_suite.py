# SPDX-License-Identifier: BSD-3-Clause
"""A large program that others wrote: the suite of mpi4py on this library, by this mpiexec and by Hydra's.

source.py gets it from the distribution and builds it; $MUSTER_TEST_MPI4PY names a source tree instead in which it has been
built in place with this tree's mpicc. later.txt is what is not run yet. With two ranks in each check;
$MUSTER_TEST_MPI4PY_RANKS names other numbers, and brings in Hydra (`make mpi4py`).
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent)]
import run_cases
import source
import trees

RANKS = os.environ.get("MUSTER_TEST_MPI4PY_RANKS")
LAUNCHERS = ["muster", "hydra"] if RANKS else ["muster"]
LATER = HERE / "later.txt"
TIME = 500

pytestmark = [
    pytest.mark.skipif("MUSTER_TEST_SANITIZERS" in os.environ, reason="Python is not built with the sanitizer"),
    pytest.mark.timeout(2 * TIME),
]

CHAPTERS = {
    "environment": "doc environ errorcode errhandler info mpiabi mpiapi mpimem address memory toplevel package rc",
    "communicators": "comm group attributes handle objmodel threads",
    "messages": "p2p_buf p2p_obj p2p_buf_matched p2p_obj_matched buffer msgspec msgzero",
    "requests": "request status grequest",
    "datatypes": "datatype pack ctypes pickle util_dtlib",
    "collectives": "cco_buf cco_obj cco_vec cco_nb_buf cco_nb_vec cco_pr_buf cco_pr_vec op",
    "intercommunicators": "comm_inter cco_buf_inter cco_obj_inter cco_vec_inter",
    "windows": "rma rma_nb win util_sync",
    "files": "file io",
    "processes": "spawn dynproc util_pool",
    "topologies": "comm_topo cco_ngh_buf cco_ngh_obj cco_pr_ngh_buf",
}


@pytest.fixture(scope="session")
def tree():
    return trees.installed()


@pytest.fixture(scope="session")
def suite(tree):
    """(python, folder for PYTHONPATH, folder of its tests)"""
    if "MUSTER_TEST_MPI4PY" in os.environ:
        named = pathlib.Path(os.environ["MUSTER_TEST_MPI4PY"])
        return sys.executable, named / "src", named / "test"
    try:
        return source.python(), *source.built(trees.BUILD / "mpi4py", tree)
    except source.Missing as e:
        pytest.skip(f"no mpi4py: {e}")


@pytest.fixture(params=LAUNCHERS)
def launcher(request, tree):
    """The command that starts ranks."""
    if request.param == "hydra" and not shutil.which("mpiexec.hydra"):
        pytest.skip("no mpiexec.hydra here")
    return tree.mpiexec if request.param == "muster" else "mpiexec.hydra"


def run(launcher, ranks, suite, tree, results, modules):
    """What each rank says of its cases."""
    python, path, tests = suite
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "MPIEXEC_", "HYDRA_", "PMI_"))}
    env.update(LD_LIBRARY_PATH=str(tree.lib), PYTHONPATH=f"{path}:{tests}", PYTHONDONTWRITEBYTECODE="1")
    p = subprocess.Popen([launcher, "-n", str(ranks), python, HERE / "run_cases.py", results, LATER, *modules], env=env,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tests,
                         start_new_session=True, text=True, errors="replace")
    try:
        out, _ = p.communicate(timeout=TIME)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        pytest.fail("no end:\n" + p.communicate()[0][-3000:])
    assert p.returncode == 0, out[-6000:]
    return [json.loads((results / f"{rank}.json").read_text()) for rank in range(ranks)]


def modules_of(chapter, tests):
    """Those of a chapter that this version of mpi4py has and that are run already; "others": those of no chapter."""
    there = {p.stem[len("test_"):] for p in tests.glob("test_*.py")} - set(run_cases.patterns(LATER))
    named = {module for text in CHAPTERS.values() for module in text.split()}
    return sorted(there - named if chapter == "others" else there & set(CHAPTERS[chapter].split()))


@pytest.mark.parametrize("ranks", [int(n) for n in (RANKS or "2").split()])
@pytest.mark.parametrize("chapter", [*CHAPTERS, "others"])
def test_chapter(launcher, suite, tree, chapter, ranks, tmp_path):
    said = run(launcher, ranks, suite, tree, tmp_path, modules_of(chapter, suite[2]))
    wrong = [f"rank {i}: {case}\n{text}" for i, s in enumerate(said) for case, text in s["bad"]]
    assert not wrong, "\n".join(wrong)[:8000]
    assert {s["library"].split()[0] for s in said} == {"Muster"} and {s["size"] for s in said} == {ranks}, said
    least = -1 if (chapter, ranks) == ("intercommunicators", 1) else 10  # one rank has no other group
    assert len({s["ran"] for s in said}) == 1 and said[0]["ran"] - said[0]["skipped"] > least, said
