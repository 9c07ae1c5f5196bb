# SPDX-License-Identifier: BSD-3-Clause
"""Who is missing: the table of ranks, with --watch and on SIGUSR1."""

import json
import re
import signal
import subprocess
import time

import pytest

from conftest import runtime_program
from processes import Marked, until

MPI = "#include <mpi.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
# All but rank 5 are in MPI_Init, which is a barrier of PMI; rank 5 has not called it yet.
LATE = MPI + """
int main(int argc, char **argv)
{
    if (atoi(getenv("PMI_RANK")) == 5)
        sleep(2);
    MPI_Init(&argc, &argv);
    MPI_Finalize();
    return 0;
}
"""


def tables(err):
    """Each table on stderr, as a list of its lines."""
    found = []
    for line in err.splitlines():
        if re.match(r"mpiexec: job \d+, \d+ ranks?, after ", line):
            found.append([line])
        elif found and line.startswith("  "):
            found[-1].append(line)
    return found


def test_who_waits_and_who_has_not_arrived(mpiexec, mpicc):
    r = mpiexec.ok("--watch", "0.7", "--hosts", "a,b", "-n", "8", mpicc(LATE))
    table = tables(r.err)[0]
    text = "\n".join(table)
    assert "8 ranks" in table[0], r
    assert re.search(r"^  0-3 +a .*PMI barrier", text, re.M), r
    assert re.search(r"^  5 +b +\d+ +sleeping .* -$", text, re.M), r
    assert "not waiting: 5\n" in text + "\n", r
    assert re.search(r"barrier WORLD: 7 of 8 ranks have arrived", text), r


def test_on_sigusr1(mpiexec):
    m = Marked()
    p = mpiexec.start("-n", "2", "sleep", "100", env=m.env)
    m.wait(2, "sleep")
    p.send_signal(signal.SIGUSR1)
    text = b"".join(p.stderr.readline() for _ in range(3)).decode()
    assert "2 ranks, after" in text
    assert re.search(r"^  0-1 +\S+ +\d+\.\. +sleeping +0\.0 s +[\d.]+ MB  -$", text, re.M), text
    p.send_signal(signal.SIGINT)
    assert p.wait(5) == 130


@pytest.mark.parametrize("by", ["slot", "node"])
def test_64_ranks_on_8_nodes_are_a_screenful(mpiexec, mpicc, by):
    """The ranks of a node that do the same are one line."""
    hosts = ",".join(f"n{i}" for i in range(8))
    r = mpiexec.ok("--watch", "1.5", "--hosts", hosts, "--radix", "2", "--map-by", by, "-n", "64", mpicc(LATE), timeout=60)
    assert tables(r.err), r
    for table in tables(r.err):
        assert len(table) <= 24 and max(map(len, table)) <= 100, r


def test_ranks_of_many_nodes_are_put_together(mpiexec):
    m = Marked()
    hosts = ",".join(f"n{i}" for i in range(30))
    script = "[ $((PMI_RANK % 2)) = 0 ] && kill -STOP $$; exec sleep 100"
    p = mpiexec.start("--hosts", hosts, "--ppn", "2", "-n", "60", "sh", "-c", script, env=m.env)
    m.wait(30, "sleep")
    time.sleep(0.3)
    p.send_signal(signal.SIGUSR1)
    text = b"".join(p.stderr.readline() for _ in range(4)).decode()
    p.send_signal(signal.SIGINT)
    assert p.wait(5) == 130
    assert re.search(r"^  0,2,4,6,8,10,\.\. +\(several\) +\d+\.\. +stopped ", text, re.M), text
    assert re.search(r"^  1,3,5,7,9,11,\.\. +\(several\) +\d+\.\. +sleeping ", text, re.M), text


def test_a_stopped_proxy_is_no_answer(mpiexec):
    m = Marked()
    p = mpiexec.start("--hosts", "a,b", "-n", "2", "sh", "-c", "echo $PMI_RANK $PPID; exec sleep 100", env=m.env)
    pids = dict(map(int, p.stdout.readline().split()) for _ in range(2))
    import os

    os.kill(pids[1], signal.SIGSTOP)
    p.send_signal(signal.SIGUSR1)
    text = b""
    while b"no answer" not in text:
        line = p.stderr.readline()
        assert line, text
        text += line
    assert re.search(rb"^  1 +b +no answer$", text, re.M), text
    os.kill(pids[1], signal.SIGCONT)
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=5)
    assert p.returncode == 130


def test_a_timeout_shows_the_table(mpiexec):
    r = mpiexec("--timeout", "0.5", "-n", "2", "sleep", "100")
    assert r.code == 124 and tables(r.err), r
    assert "sleeping" in r.err, r


def test_a_rank_that_has_ended(mpiexec):
    p = mpiexec.start("-n", "2", "sh", "-c", "[ $PMI_RANK = 0 ] && exit 0; echo; exec sleep 2", stdin=subprocess.DEVNULL)
    assert p.stdout.readline()
    time.sleep(0.2)
    p.send_signal(signal.SIGUSR1)
    _, err = p.communicate(timeout=5)
    assert p.returncode == 0 and re.search(r"^  0 +\S+ +ended$", err.decode(), re.M), err


@pytest.mark.parametrize("n", [1, 50])
def test_many_requests_at_once(mpiexec, n):
    m = Marked()
    p = mpiexec.start("-n", "2", "sleep", "100", env=m.env, stderr=subprocess.PIPE)
    m.wait(2, "sleep")
    for _ in range(n):
        p.send_signal(signal.SIGUSR1)
        time.sleep(0.002)
    time.sleep(0.2)
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=5)
    assert p.returncode == 130 and 1 <= len(tables(err.decode())) <= n, err
    until(lambda: not m.pids(), 1)


# What all but the last rank are seen to wait in. The last one is in MPI_Recv from 3.
STUCK = {
    "allreduce": "MPI_Allreduce on MPI_COMM_WORLD",
    "allreduce_long": "MPI_Allreduce on MPI_COMM_WORLD",
    "bcast": "MPI_Bcast on MPI_COMM_WORLD",
    "bcast_long": "MPI_Bcast on MPI_COMM_WORLD",
    "barrier": "MPI_Barrier on MPI_COMM_WORLD",
    "alltoall": "MPI_Alltoall on MPI_COMM_WORLD",
    "ibarrier": "MPI_Wait on MPI_COMM_WORLD",
    "send": "MPI_Send to LAST tag 5 on MPI_COMM_WORLD",
    "ssend": "MPI_Ssend to LAST tag 5 on MPI_COMM_WORLD",
    "probe": "MPI_Probe from LAST tag 5 on MPI_COMM_WORLD",
    "mprobe_any": "MPI_Mprobe from any on MPI_COMM_WORLD",
    "recv_any": "MPI_Recv from any tag 5 on MPI_COMM_WORLD",
    "sendrecv": "MPI_Sendrecv from LAST tag 6 on MPI_COMM_WORLD",
    "waitall": "MPI_Waitall from LAST tag 5 on MPI_COMM_WORLD",
    "waitany": "MPI_Waitany from LAST tag 5 on MPI_COMM_WORLD",
    "part": "MPI_Barrier on communicator 2",
}


@pytest.fixture(scope="session")
def stuck(programs):
    return runtime_program(programs, "stuck.c")


def check_stuck(text, n, call):
    last = n - 1
    where = re.escape(STUCK[call].replace("LAST", str(last)))
    assert re.search(rf"^  0-{last - 1} +\S+ +\d+\.\. .*  {where} for \d+\.\d s$", text, re.M), text
    assert re.search(rf"^  {last} +\S+ +\d+ .*  MPI_Recv from 3 tag 7 on MPI_COMM_WORLD for \d+\.\d s$", text, re.M), text


@pytest.mark.parametrize("call", STUCK)
def test_a_deadlock_explains_itself(mpiexec, stuck, tmp_path, call):
    r = mpiexec("--timeout", "1", "--report", "report.json", "-n", "8", stuck, call)
    assert r.code == 124 and len(tables(r.err)) == 1, r
    check_stuck(r.err, 8, call)
    ranks = json.loads((tmp_path / "report.json").read_text())["jobs"][0]["ranks"]
    assert [x["last_seen"]["waits_in"] for x in ranks] == [STUCK[call].replace("LAST", "7")] * 7 + [
        "MPI_Recv from 3 tag 7 on MPI_COMM_WORLD"], ranks
    assert all(0 < x["last_seen"]["seconds"] < 5 for x in ranks), ranks


def test_a_deadlock_of_64_ranks(mpiexec, stuck):
    r = mpiexec("--timeout", "4", "-n", "64", stuck, "allreduce", timeout=60)
    check_stuck(r.err, 64, "allreduce")
    assert r.code == 124 and len(tables(r.err)[0]) == 4, r


def test_a_deadlock_on_sigusr1(mpiexec, stuck):
    p = mpiexec.start("-n", "4", stuck, "barrier")
    time.sleep(1)
    p.send_signal(signal.SIGUSR1)
    text = "".join(p.stderr.readline().decode() for _ in range(4))
    check_stuck(text, 4, "barrier")
    p.send_signal(signal.SIGINT)
    assert p.wait(5) == 130
