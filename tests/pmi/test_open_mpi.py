# SPDX-License-Identifier: BSD-3-Clause
"""Programs built with Debian's Open MPI, which speak PMIx, from 1 to 8 ranks over 1 and 4 nodes."""

import os
import signal
import time

import pytest

from processes import PATIENCE
from test_mpich import PROGRAM

PLACES = [(1, 1), (2, 1), (4, 1), (8, 1), (4, 4), (8, 4)]

FAILS = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("here is %d\n", rank);
    fflush(stdout);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == size - 1 && !strcmp(argv[1], "abort"))
        MPI_Abort(MPI_COMM_WORLD, 42);
    if (rank == size - 1 && !strcmp(argv[1], "exit"))
        _exit(0);
    if (!strcmp(argv[1], "status")) {
        MPI_Finalize();
        return rank == size - 1 ? 9 : 0;
    }
    sleep(1000);
    return 0;
}
"""


@pytest.mark.parametrize("n, nodes", PLACES, ids=[f"{n} ranks on {k} nodes" for n, k in PLACES])
def test_ranks_find_one_another(mpiexec, ompicc, n, nodes):
    hosts = ["--hosts", f"n[1-{nodes}]"] if nodes > 1 else []
    r = mpiexec.ok("-n", str(n), *hosts, "--label", ompicc(PROGRAM), timeout=4 * PATIENCE)
    seen = sorted(line.split(",")[0] for line in r.lines)
    assert seen == sorted(f"[{i}] {i} of {n}: sum {n * (n - 1) // 2}" for i in range(n)), r
    assert {line.split(", ")[1] for line in r.lines} == {f"node of {-(-n // nodes)}"}, r


def test_several_programs_in_one_job(mpiexec, ompicc):
    prog = ompicc(PROGRAM)
    r = mpiexec.ok("-n", "2", prog, ":", "-n", "3", prog, timeout=4 * PATIENCE)
    assert sorted(line.split("app ")[1] for line in r.lines) == ["0"] * 2 + ["1"] * 3, r


@pytest.mark.parametrize("nodes", (1, 2))
def test_abort(mpiexec, ompicc, nodes):
    r = mpiexec("-n", "4", "--hosts", f"n[1-{nodes}]", ompicc(FAILS), "abort", timeout=4 * PATIENCE)
    assert r.code == 42 and "rank 3" in r.err and "called abort with code 42" in r.err, r


def test_status(mpiexec, ompicc):
    """A rank that fails after MPI_Finalize sets the status; one that leaves without it is a failure."""
    r = mpiexec("-n", "4", ompicc(FAILS), "status", timeout=4 * PATIENCE)
    assert r.code == 9 and sorted(r.lines) == [f"here is {i}" for i in range(4)], r
    r = mpiexec("-n", "4", ompicc(FAILS), "exit", timeout=4 * PATIENCE)
    assert r.code == 1 and "rank 3" in r.err, r


def test_a_script_may_start_either(mpiexec, ompicc, mpicc):
    for prog in (ompicc(PROGRAM), mpicc(PROGRAM)):
        r = mpiexec.ok("-n", "2", "sh", "-c", prog, timeout=4 * PATIENCE)
        assert sorted(line.split(",")[0] for line in r.lines) == ["0 of 2: sum 1", "1 of 2: sum 1"], r


@pytest.mark.parametrize("word, pmi, pmix", [("pmi1", True, False), ("pmi2", True, False), ("pmix", False, True),
                                             ("all", True, True), ("none", False, False), ("auto", True, True)])
def test_what_a_rank_is_given(mpiexec, open_mpi, word, pmi, pmix):
    """By the word of --pmi; the shell may start anything, and gets all."""
    r = mpiexec.ok("-n", "1", "--pmi", word, "sh", "-c", "env")
    names = {line.split("=")[0] for line in r.lines}
    assert {"PMI_FD", "PMI_SIZE"} <= names if pmi else not {"PMI_FD", "PMI_SIZE"} & names, r
    assert ("PMIX_NAMESPACE" in names) == pmix, r
    assert ("MPIR_CVAR_PMI_VERSION" in names) == (pmi and pmix), r


def test_who_does_not_need_it_pays_nothing(mpiexec, cc, mpicc, open_mpi):
    maps = '#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\nint main(void) { char l[4096], p[64]; ' \
           'sprintf(p, "/proc/%d/maps", getppid()); FILE *f = fopen(p, "r"); ' \
           'while (f && fgets(l, sizeof l, f)) if (strstr(l, "libpmix")) puts("loaded"); return f ? 0 : 1; }\n'
    assert mpiexec.ok("-n", "1", cc(maps)).out == ""
    assert "loaded" in mpiexec.ok("-n", "1", "--pmi", "pmix", cc(maps)).out
    assert mpiexec.ok("-n", "1", mpicc("#include <mpi.h>\n" + maps)).out == ""


def test_a_wrong_word(mpiexec):
    r = mpiexec("--pmi", "pmi3", "-n", "1", "true")
    assert r.code == 1 and 'auto, pmi1, pmi2, pmix, all or none is expected, not "pmi3"' in r.err, r


@pytest.mark.parametrize("who", ("mpiexec", "proxy"))
def test_nothing_is_left(mpiexec, ompicc, tmp_path, who):
    """Private directories go at the end; those of a proxy that was killed with the next that begins."""
    p = mpiexec.start("-n", "2", ompicc(FAILS), "wait", env={"TMPDIR": tmp_path})
    assert sorted(p.stdout.readline() for _ in range(2)) == [b"here is 0\n", b"here is 1\n"]
    (directory,) = tmp_path.glob("muster-pmix-*")
    assert directory.stat().st_mode & 0o777 == 0o700
    victim = p.pid if who == "mpiexec" else int(directory.name.split("-")[2])
    os.kill(victim, signal.SIGKILL)
    p.wait(PATIENCE)
    if who == "proxy":
        mpiexec.ok("-n", "1", "--pmi", "pmix", "true", env={"TMPDIR": tmp_path})
    end = time.monotonic() + PATIENCE
    while list(tmp_path.glob("*muster-pmix-*")) and time.monotonic() < end:
        time.sleep(0.05)
    assert not list(tmp_path.glob("*muster-pmix-*"))


def test_each_library_finds_what_it_speaks_where_all_is_offered(mpiexec, ompicc, mpicc):
    """As it is through scripts (--pmi all): one job, then another, each of its own library."""
    for prog in (ompicc(PROGRAM), mpicc(PROGRAM)):
        r = mpiexec.ok("-n", "2", "--pmi", "all", prog, timeout=4 * PATIENCE)
        assert len(r.lines) == 2 and "sum 1" in r.lines[0], r


def test_who_is_alone_is_told(mpiexec, ompicc):
    prog = ompicc(PROGRAM)
    r = mpiexec("-n", "3", "--pmi", "none", prog, timeout=4 * PATIENCE)
    assert r.code == 0 and [line.split(",")[0] for line in r.lines] == ["0 of 1: sum 0"] * 3, r
    assert f"none of the 3 ranks of {prog} has asked mpiexec for the others" in r.err and "libmpi.so.40" in r.err, r
    assert "has asked" not in mpiexec.ok("-n", "2", prog, timeout=4 * PATIENCE).err


def test_explain(mpiexec, ompicc, mpicc, cc, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/python3 -u\n")
    script.chmod(0o755)
    plain = cc("int main(void) { return 0; }\n")
    r = mpiexec.ok("--explain", ompicc(PROGRAM), ":", mpicc(PROGRAM), ":", plain, ":", script)
    told = r.out.split("\n/")
    assert len(told) == 4, r
    assert "Open MPI (" in told[0] and "libmpi.so.40)" in told[0] and "is given  PMIx\n" in told[0], r
    assert "MPICH" in told[1] and "libmpich.so.12)" in told[1] and "is given  PMI-1 and PMI-2\n" in told[1], r
    assert "none that it is linked with" in told[2], r
    assert "of /usr/bin/python3 -u\n" in told[3] and "is given  PMI-1, PMI-2 and PMIx\n" in told[3], r
    assert r.out.count("runs      yes") == 4, r
    r = mpiexec("--explain", "--pmi", "pmi1", ompicc(PROGRAM))
    assert r.code == 1 and "runs      not as one job: it speaks PMIx alone" in r.out, r


def test_who_shares_processors_is_told(mpiexec, open_mpi):
    """As mpirun tells it; what the user has set holds."""
    n = len(os.sched_getaffinity(0)) + 1
    show = ["--pmi", "pmix", "sh", "-c", "echo told: $OMPI_MCA_mpi_oversubscribe"]
    assert mpiexec.ok("-n", str(n), *show).lines == ["told: 1"] * n
    assert mpiexec.ok("-n", "1", *show).lines == ["told:"]
    assert mpiexec.ok("-n", str(n), "-genv", "OMPI_MCA_mpi_oversubscribe", "0", *show).lines == ["told: 0"] * n


def test_explain_what_cannot_run(mpiexec, ompicc, tmp_path):
    """A name that is wrong, here and where hosts may have it; a file that is no program; what another program starts."""
    (tmp_path / "notes").write_text("text")
    for words, why in [(["./nosuch"], "not here: there is no such program"),
                       ([tmp_path / "notes"], "not here: the file is not executable for this user")]:
        r = mpiexec("--explain", *words)
        assert r.code == 1 and r.lines[-1] == f"  runs      {why}", r
    assert mpiexec.ok("--explain", "--hosts", "a", "./nosuch").lines[-1] == "  runs      yes"
    r = mpiexec.ok("--explain", "env", "A=1", ompicc(PROGRAM))
    assert [line for line in r.lines if line.startswith("  starts ") and "Open MPI" in line], r
    r = mpiexec.ok("--explain", "/usr/bin/python3", "./nosuch.py")
    assert "  reads     ./nosuch.py: No such file or directory" in r.lines, r
