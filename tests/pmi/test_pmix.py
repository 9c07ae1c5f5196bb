# SPDX-License-Identifier: BSD-3-Clause
"""Ranks that speak PMIx without MPI (pmix.c), over one node and several."""

import os
import pathlib
import socket

import pytest

from processes import PATIENCE

SOURCE = (pathlib.Path(__file__).parent / "pmix.c").read_text()
HOSTS = {1: [], 4: ["--hosts", "n[1-4]"], 7: ["--hosts", "n[1-7]", "--radix", "2"]}


@pytest.fixture
def pmix(pmixcc):
    return pmixcc(SOURCE)


@pytest.mark.parametrize("nodes", HOSTS)
@pytest.mark.parametrize("scene", ("job", "fence", "modex", "missing", "groups", "names", "lives", "mortal", "connect", "group", "event",
                                   "query", "signal"))
def test_scene(mpiexec, pmix, scene, nodes):
    r = mpiexec.ok("-n", "8", *HOSTS[nodes], pmix, scene, timeout=4 * PATIENCE)
    assert r.out == "", r


def test_scenes_in_one_run(mpiexec, pmix):
    mpiexec.ok("-n", "5", *HOSTS[4], pmix, "groups", "names", "fence", "event", "modex", "group", "event", "groups",
               timeout=4 * PATIENCE)


@pytest.mark.parametrize("nodes", HOSTS)
def test_survivors_hear_of_the_dead(mpiexec, pmix, nodes):
    r = mpiexec("-n", "8", "--no-kill", *HOSTS[nodes], pmix, "survive", timeout=4 * PATIENCE)
    assert r.code == 5 and sorted(r.lines) == [f"{i} has heard" for i in range(7)], r


def test_process_sets(mpiexec, pmix):
    r = mpiexec.ok("-n", "4", *HOSTS[4], "--pset", "first=0-1", "--pset", "odd=1,3", pmix, "psets", timeout=4 * PATIENCE)
    assert r.out == "", r


@pytest.mark.parametrize("nodes", (1, 4))
def test_what_is_logged_is_the_ranks_own_output(mpiexec, pmix, nodes):
    r = mpiexec.ok("-n", "3", "-l", *HOSTS[nodes], pmix, "log", timeout=4 * PATIENCE)
    assert sorted(r.lines) == sorted(f"[{i}] {line}" for i in range(3) for line in ("one line", "and another")), r
    assert sorted(r.err.splitlines()) == [f"[{i}] {i} of 3" for i in range(3)], r


@pytest.mark.parametrize("nodes", (1, 4))
def test_a_job_that_ends_itself(mpiexec, pmix, nodes):
    r = mpiexec("-n", "4", *HOSTS[nodes], pmix, "terminate", timeout=4 * PATIENCE)
    assert r.code == 143 and "SIGTERM" in r.err, r


@pytest.mark.parametrize("nodes", (1, 4))
def test_abort(mpiexec, pmix, nodes):
    r = mpiexec("-n", "4", *HOSTS[nodes], pmix, "abort", timeout=4 * PATIENCE)
    assert r.code == 44 and "rank 3" in r.err and "called abort with code 44: as the test wants it" in r.err, r


def test_a_rank_that_ends_while_others_wait(mpiexec, pmix):
    """The others wait in a fence for one that has left without a word."""
    r = mpiexec("-n", "3", "--pmi", "pmix", "sh", "-c", f"test $PMIX_RANK = 1 || exec {pmix} fence", timeout=4 * PATIENCE)
    assert r.code == 1 and "rank 1" in r.err and "exited without PMIx, in which rank" in r.err, r


@pytest.mark.parametrize("scene, lines", [("parts", ["alive"]), ("stays", [])])
def test_who_has_disconnected_goes_on(mpiexec, pmix, scene, lines):
    """Within one node the library keeps to itself who has."""
    r = mpiexec("-n", "1", "--hosts", "a:1,b:1", pmix, scene, timeout=4 * PATIENCE)
    assert r.code == 7 and "rank 0 of spawned job 1" in r.err and r.lines == lines, r


def test_names_are_those_of_pmi1(mpiexec, pmixcc, ranks):
    """What a rank of PMIx publishes, one of PMI-1 finds."""
    publisher = pmixcc(r'''
#include <pmix.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    pmix_proc_t me;
    pmix_info_t i;
    memset(&i, 0, sizeof i);
    snprintf(i.key, sizeof i.key, "service");
    i.value.type = PMIX_STRING;
    i.value.data.string = "the-port";
    if (PMIx_Init(&me, NULL, 0) != PMIX_SUCCESS || PMIx_Publish(&i, 1) != PMIX_SUCCESS)
        return 1;
    return PMIx_Finalize(NULL, 0);
}
''')
    finder = ranks.program('''
p = Pmi1().init()
assert p.ask("cmd=lookup_name service=service wait=TRUE") == "cmd=lookup_result rc=0 port=the-port"
p.finalize()
''')
    mpiexec.ok("-n", "1", publisher, ":", "-n", "1", *finder, timeout=4 * PATIENCE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_refused(mpiexec, pmixcc):
    """Before a byte is read or answered: the connection just ends."""
    p = mpiexec.start("-n", "1", "--pmi", "pmix", "sh", "-c", "echo $PMIX_SERVER_URI2; read x")
    port = int(p.stdout.readline().decode().strip().rsplit(":", 1)[1])
    pid = os.fork()
    if pid == 0:
        os.setresuid(65534, 65534, 65534)
        s = socket.create_connection(("127.0.0.1", port))
        s.settimeout(PATIENCE)
        try:
            os._exit(0 if s.recv(1) == b"" else 1)
        except ConnectionResetError:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    _, err = p.communicate(b"x\n", timeout=PATIENCE)
    assert p.returncode == 0 and b"a process of another user (uid 65534) tried to connect to the PMIx server" in err, err
