# SPDX-License-Identifier: BSD-3-Clause
"""Ranks that all wait for ever say so; ranks of which one does something else do not."""

import re

import pytest

from conftest import runtime_program
from processes import PATIENCE, tell

ALL = "deadlock: all 3 ranks wait, and nothing is under way: "
ON = " on MPI_COMM_WORLD"


def ended(mpiexec, programs, what, *options, n=3):
    """A job that is to be aborted by itself."""
    return mpiexec("-n", n, "-genv", "MUSTER_DEADLOCK_AFTER", "1", "--deadlock", "abort", *options,
                   runtime_program(programs, "deadlock.c"), what)


@pytest.mark.parametrize("what, line", [
    ("ring", f"{ALL}rank 0 in MPI_Recv from 1 tag 5{ON}, rank 1 in MPI_Recv from 2 tag 5{ON}, rank 2 in MPI_Recv from 0 tag 5{ON}; "
     "the cycle is 0 -> 1 -> 2 -> 0"),
    ("tag", f"{ALL}rank 0 in MPI_Recv from 2 tag 5{ON}, rank 1 in MPI_Recv from 0 tag 5{ON}, rank 2 in MPI_Recv from 1 tag 5{ON}; "
     "the cycle is 0 -> 2 -> 1 -> 0; rank 0 has 1 message that nobody receives, from 2 tag 6; "
     "rank 1 has 1 message that nobody receives, from 0 tag 6; rank 2 has 1 message that nobody receives, from 1 tag 6"),
    ("mixed", f"{ALL}ranks 0-1 in MPI_Allreduce{ON}, rank 2 in MPI_Recv from 0 tag 7{ON}"),
    ("named", f"{ALL}rank 0 in MPI_Wait (receive from 1 tag 5) on halo, rank 1 in MPI_Wait (receive from 2 tag 5) on halo, "
     "rank 2 in MPI_Wait (receive from 0 tag 5) on halo; the cycle is 0 -> 1 -> 2 -> 0"),
    ("any", "deadlock: 2 ranks wait, nothing is under way, and nobody else is left: rank 0 after MPI_Finalize, "
     f"ranks 1-2 in MPI_Recv from any tag 7{ON}"),
])
def test_it_is_one_sentence(mpiexec, programs, what, line):
    r = ended(mpiexec, programs, what)
    assert r.code == 16, r
    assert re.search(rf"^muster: rank \d on \S+: {re.escape(line)}; aborting the job$", r.err, re.M), r


def test_by_default_it_is_reported_once(mpiexec, programs):
    """The next looks, every tenth of a second, say nothing more."""
    p = mpiexec.start("-n", "3", "-genv", "MUSTER_DEADLOCK_AFTER", "1", runtime_program(programs, "deadlock.c"), "ring")
    line = p.stderr.readline()
    assert line.startswith(b"muster: deadlock: all 3 ranks wait"), line
    with pytest.raises(Exception, match="no end|timed out|expired"):
        p.wait(timeout=2)
    p.terminate()
    _, err = p.communicate(timeout=2 * PATIENCE)
    assert b"deadlock" not in err, err


@pytest.mark.parametrize("what", ["computes", "tests"])
def test_who_computes_or_tests_is_no_deadlock(mpiexec, programs, what):
    p = mpiexec.start("-n", "3", "-genv", "MUSTER_DEADLOCK_AFTER", "1", "--deadlock", "abort", runtime_program(programs, "deadlock.c"), what)
    with pytest.raises(Exception, match="no end|timed out|expired"):
        p.wait(timeout=4)
    tell(mpiexec.cwd, "go")
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert p.returncode == 0 and not err, err


def test_off(mpiexec, programs):
    r = mpiexec("-n", "3", "-genv", "MUSTER_DEADLOCK_AFTER", "1", "--deadlock", "off", "--timeout", "4",
                runtime_program(programs, "deadlock.c"), "ring")
    assert r.code == 124 and "deadlock" not in r.err, r


def test_a_word_that_there_is_not(mpiexec):
    r = mpiexec("--deadlock", "maybe", "-n", "1", "true")
    assert r.code == 1 and "report, abort or off" in r.err, r
