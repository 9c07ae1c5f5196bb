# SPDX-License-Identifier: BSD-3-Clause
"""The table of `mpiexec --help coming-from`: each cell about Muster, and those about Hydra where it is installed."""

import os
import re
import shutil
import subprocess

import pytest

CPUS = len(os.sched_getaffinity(0))
HYDRA = shutil.which("mpiexec.mpich") or shutil.which("mpiexec.hydra")
PLACE = ["--arg-template", "echo", "{rank} {host}"]


@pytest.fixture
def row(mpiexec):
    """row(name): the cells of that row: ours, Hydra's, mpirun's, srun's."""
    lines = mpiexec.ok("--help", "coming-from").lines
    at = next(i for i, line in enumerate(lines) if line.split() == ["here", "Hydra", "mpirun", "srun"])
    starts = [lines[at].index(w) for w in ("here", "Hydra", "mpirun", "srun")]

    def cells(*name):
        """The words of the first column name it, line by line: the first line may hold all that is in the others."""
        first = next(i for i in range(at + 1, len(lines)) if lines[i][:starts[0]].strip() == name[0])
        last = first + len(name)
        while not lines[last][2:starts[0]].strip() and lines[last].startswith("  "):
            last += 1
        return [" ".join(l[a:b].strip() for l in lines[first:last]).strip() for a, b in zip(starts, [*starts[1:], None])]

    return cells


def order(mpiexec, *args):
    hosts = dict(line.split() for line in mpiexec.ok(*args, *PLACE).lines)
    return " ".join(hosts[str(rank)] for rank in range(len(hosts)))


def test_the_count_without_n(mpiexec, row):
    assert row("no -n")[0] == "a rank for each slot, else for each processor"
    assert order(mpiexec, "--hosts", "a:3,b:1") == "a a a b"
    assert len(mpiexec.ok("echo", "x").lines) == CPUS
    assert len(mpiexec.ok("--hosts", "a,b", "echo", "x").lines) == 2 * CPUS


def test_the_order_of_ranks(mpiexec, row, tmp_path):
    assert row("a,b -n 4")[0] == order(mpiexec, "--hosts", "a,b", "-n", "4") == "a a b b"
    assert row("a:2,b:2", "-n 8")[0] == order(mpiexec, "--hosts", "a:2,b:2", "-n", "8") == "a a a a b b b b"
    assert row("otherwise")[0] == "--map-by node: a b a b ..."
    assert order(mpiexec, "--hosts", "a,b", "-n", "4", "--map-by", "node") == "a b a b"
    assert order(mpiexec, "--hosts", "a:2,b:2", "-n", "8", "--map-by", "node:2") == "a a b b a a b b"  # as Hydra's
    (tmp_path / "hosts").write_text("a:2\nb\n")
    assert row("hosts")[0] == "--hosts a:2,b -f FILE"
    assert order(mpiexec, "-f", "hosts", "-n", "2").startswith("a")


def test_more_ranks_than_there_is_room_for(mpiexec, row):
    assert row("too many")[0] == "run, unbound; see --no-oversubscribe"
    r = mpiexec.ok("--display", "bindings", "-n", str(CPUS + 1), "true")
    assert ": none, ranks" in r.err, r
    assert mpiexec("--no-oversubscribe", "-n", str(CPUS + 1), "true").code == 1


def test_binding(mpiexec, row):
    assert row("binding")[0] == "each of N ranks to an N-th of the cores"
    r = mpiexec.ok("-n", str(CPUS), "grep", "Cpus_allowed_list", "/proc/self/status")
    assert len(r.lines) == CPUS and (CPUS == 1 or len(set(r.lines)) > 1), r


def test_letters_that_mean_something_else(mpiexec, row, tmp_path):
    assert row("-N 2")[0] == "2 ranks on each host"
    assert order(mpiexec, "--hosts", "a:4,b:4", "-N", "2") == "a a b b"
    assert row("-c 2")[0] == "2 cores for each of -n ranks"
    assert mpiexec("-c", "2", "true").code == 1
    mpiexec.ok("-n", "1", "-c", "2", "true")
    assert row("-o X")[0] == "srun's; with tag, dir= or file= mpirun's"
    mpiexec.ok("-n", "1", "-o", "X", "echo", "in a file")
    assert (tmp_path / "X").read_text() == "in a file\n"
    assert mpiexec.ok("-n", "1", "-o", "tag", "echo", "x").out.endswith("x\n")


def test_stdin_and_the_end(mpiexec, row):
    assert row("stdin")[0] == "to rank 0"
    assert mpiexec.ok("-n", "3", "cat", stdin=b"once\n").out == "once\n"
    assert row("failure")[0] == "ends the others"
    r = mpiexec("-n", "2", "sh", "-c", "test $PMI_RANK = 0 || exit 3; sleep 600")
    assert r.code == 3 and row("status")[0] == "of the first that failed; 128 + signal", r
    assert mpiexec("-n", "1", "sh", "-c", "kill -9 $$").code == 128 + 9


def test_variables(mpiexec, row):
    assert row("variable")[0] == "MUSTER_RANK, ..SIZE, ..LOCAL_RANK; Hydra's"
    told = "$MUSTER_RANK $MUSTER_SIZE $MUSTER_LOCAL_RANK $PMI_RANK $PMI_SIZE $MPI_LOCALRANKID"
    r = mpiexec.ok("-n", "2", "sh", "-c", f"echo {told}")
    assert sorted(r.lines) == ["0 2 0 0 2 0", "1 2 1 1 2 1"], r
    told = "$OMPI_COMM_WORLD_RANK $OMPI_COMM_WORLD_SIZE $OMPI_COMM_WORLD_LOCAL_RANK $SLURM_PROCID $SLURM_NTASKS $SLURM_LOCALID"
    r = mpiexec.ok("--env-dialect", "ompi,slurm", "-n", "2", "sh", "-c", f"echo {told}")
    assert sorted(r.lines) == ["0 2 0 0 2 0", "1 2 1 1 2 1"], r


@pytest.mark.skipif(not HYDRA, reason="Hydra is not installed")
def test_what_is_said_of_hydra(row, tmp_path):
    def run(*args, code=0):
        r = subprocess.run([HYDRA, *args], capture_output=True, text=True, timeout=120, cwd=tmp_path, stdin=subprocess.DEVNULL)
        assert r.returncode == code, r
        return r.stdout.splitlines()

    def places(*args):
        ranks = dict(reversed(line.split()) for line in run("-launcher", "fork", "-prepend-pattern", "%h %r ", *args, "echo"))
        return " ".join(ranks[str(i)] for i in range(len(ranks)))

    if not re.search(r"Version: +4\.[01]", "\n".join(run("--version"))):
        pytest.skip("another Hydra")
    assert row("no -n")[1] == "a rank for each slot; a host has 1" and len(run("echo", "x")) == 1
    assert places("-hosts", "a:2,b") == "a a b"
    assert row("a,b -n 4")[1] == places("-hosts", "a,b", "-n", "4") == "a b a b"
    assert row("a:2,b:2", "-n 8")[1] == places("-hosts", "a:2,b:2", "-n", "8") == "a a b b a a b b"
    assert row("-N 2")[1] == "2 ranks" and len(run("-hosts", "localhost:4", "-N", "2", "echo", "x")) == 2
    assert row("-c 2")[1] == row("-o X")[1] == "unknown"
    assert row("status")[1] == "all codes and signals or-ed"
    run("-n", "2", "sh", "-c", "exit $((PMI_RANK + 1))", code=3)
