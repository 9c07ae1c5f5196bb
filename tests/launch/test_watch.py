# SPDX-License-Identifier: BSD-3-Clause
"""Who is missing: the table of ranks, with --watch and on SIGUSR1."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import runtime_program
from processes import PATIENCE, Marked, at_rest, proxies, state, tell, until, wait_for

MPI = "#include <mpi.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
# All but rank 5 are in MPI_Init, which is a barrier of PMI; rank 5 has not called it yet.
LATE = MPI + """
int main(int argc, char **argv)
{
    while (atoi(getenv("PMI_RANK")) == 5 && access("go", F_OK) != 0)
        usleep(10000);
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


class Watched:
    """A started mpiexec whose stderr is read as it comes."""

    def __init__(self, p):
        self.p = p
        self.err = ""
        os.set_blocking(p.stderr.fileno(), False)

    def tables(self):
        """Those that have come until now, each a text."""
        self.err += (self.p.stderr.read() or b"").decode()
        return ["\n".join(t) + "\n" for t in tables(self.err[: self.err.rfind("\n") + 1])]

    def running(self):
        assert self.p.poll() is None, self.err + (self.p.stderr.read() or b"").decode()
        return True

    def until(self, *patterns, ask=False):
        """Until a table has all of these; returns it. ask: each is asked for."""
        until(lambda: self.running() and proxies(self.p.pid))  # before, a signal would end it

        def found():
            seen = len(self.tables())
            if ask:
                self.p.send_signal(signal.SIGUSR1)
                until(lambda: self.running() and len(self.tables()) > seen)
            fit = [t for t in self.tables() if all(re.search(x, t, re.M) for x in patterns)]
            return fit[0] if fit else not self.running()

        try:
            return until(found)
        except AssertionError:
            raise AssertionError(self.err) from None

    def end(self, sig=signal.SIGINT):
        """Ends it, with a signal if that is needed; all of its stderr."""
        if sig:
            self.p.send_signal(sig)
        os.set_blocking(self.p.stderr.fileno(), True)
        _, err = self.p.communicate(timeout=4 * PATIENCE)
        self.err += err.decode()
        assert self.p.returncode == (128 + sig if sig else 0), self.err
        return self.err


def test_who_waits_and_who_has_not_arrived(mpiexec, mpicc):
    w = Watched(mpiexec.start("--watch", "0.5", "--hosts", "a,b", "-n", "8", mpicc(LATE)))
    w.until(r"8 ranks", r"^  0-3 +a .* waiting .*PMI barrier", r"^  5 +b +\d+ +(sleeping|running) .* -$",
            r"not waiting: 5\n", r"barrier WORLD: 7 of 8 ranks have arrived")
    tell(mpiexec.cwd, "go")
    w.end(None)


def test_on_sigusr1(mpiexec):
    m = Marked()
    p = mpiexec.start("-n", "2", "sleep", "100", env=m.env)
    at_rest(m.wait(2, "sleep"))
    w = Watched(p)
    table = w.until(r"2 ranks, after", r"^  0-1 +\S+ +\d+\.\. +sleeping +0\.\d s +[\d.]+ MB  -$", ask=True)
    assert len(table.splitlines()) == 3, table
    w.end()


@pytest.mark.parametrize("by", ["slot", "node"])
def test_64_ranks_on_8_nodes_are_a_screenful(mpiexec, mpicc, by):
    """The ranks of a node that do the same are one line, once they do. (While they start, each may do something else.)"""
    hosts = ",".join(f"n{i}" for i in range(8))
    w = Watched(mpiexec.start("--watch", "1", "--hosts", hosts, "--radix", "2", "--map-by", by, "-n", "64", mpicc(LATE)))
    w.until("63 of 64 ranks have arrived", r"\A(.{1,100}\n){1,24}\Z")
    tell(mpiexec.cwd, "go")
    w.end(None)


def test_ranks_of_many_nodes_are_put_together(mpiexec):
    m = Marked()
    hosts = ",".join(f"n{i}" for i in range(30))
    script = "[ $((PMI_RANK % 2)) = 0 ] && kill -STOP $$; exec sleep 100"
    p = mpiexec.start("--hosts", hosts, "--ppn", "2", "-n", "60", "sh", "-c", script, env=m.env)
    at_rest(m.wait(30, "sleep"))
    until(lambda: sum(state(s) == "T" for s in m.pids("sh")) == 30)
    w = Watched(p)  # a proxy that is not given a processor for seconds is left out of a table
    table = w.until(r"^  0,2,4,6,8,10,\.\. +\(several\) +\d+\.\. +stopped ",
                    r"^  1,3,5,7,9,11,\.\. +\(several\) +\d+\.\. +sleeping ", ask=True)
    w.end()
    assert len(table.splitlines()) <= 4, table


def test_a_stopped_proxy_is_no_answer(mpiexec):
    m = Marked()
    p = mpiexec.start("--hosts", "a,b", "-n", "2", "sh", "-c", "echo $PMI_RANK $PPID; exec sleep 100", env=m.env)
    pids = dict(map(int, p.stdout.readline().split()) for _ in range(2))
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
    p.communicate(timeout=PATIENCE)
    assert p.returncode == 130


def test_a_timeout_shows_the_table(mpiexec):
    r = mpiexec("--timeout", "0.5", "-n", "2", "sleep", "100")
    assert r.code == 124 and len(tables(r.err)) == 1, r
    assert re.search(r"^  0(-1)? ", r.err, re.M), r


def test_a_rank_that_has_ended(mpiexec):
    script = f"[ $PMI_RANK = 0 ] && {{ echo $$; exit 0; }}; {wait_for('go')}"
    p = mpiexec.start("-n", "2", "sh", "-c", script, stdin=subprocess.DEVNULL)
    pid = int(p.stdout.readline())
    until(lambda: not os.path.exists(f"/proc/{pid}"))
    w = Watched(p)
    w.until(r"^  0 +\S+ +ended$", ask=True)
    tell(mpiexec.cwd, "go")
    w.end(None)


@pytest.mark.parametrize("n", [1, 50])
def test_many_requests_at_once(mpiexec, n):
    m = Marked()
    p = mpiexec.start("-n", "2", "sleep", "100", env=m.env, stderr=subprocess.PIPE)
    m.wait(2, "sleep")
    for _ in range(n):
        p.send_signal(signal.SIGUSR1)
        time.sleep(0.002)
    w = Watched(p)
    w.until(r"2 ranks, after")
    assert 1 <= len(tables(w.end())) <= n, w.err
    m.wait_none(0)


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
    "waitall": "MPI_Waitall (receive from LAST tag 5) on MPI_COMM_WORLD",
    "waitany": "MPI_Waitany (receive from LAST tag 5) on MPI_COMM_WORLD",
    "part": "MPI_Barrier on communicator 2",
    "test": "MPI_Test (receive from LAST tag 5, in a loop) on MPI_COMM_WORLD",
    "testsome": "MPI_Testsome (send to LAST tag 6, in a loop) on MPI_COMM_WORLD",
    "testall": "MPI_Testall (in a loop) on communicator 2",
    "iprobe": "MPI_Iprobe (in a loop) from any tag 5 on MPI_COMM_WORLD",
    "status_one": "MPI_Request_get_status (receive from LAST tag 5, in a loop) on MPI_COMM_WORLD",
    "status_all": "MPI_Request_get_status_all (receive from LAST tag 5, in a loop) on MPI_COMM_WORLD",
    "status_any": "MPI_Request_get_status_any (receive from LAST tag 5, in a loop) on MPI_COMM_WORLD",
    "status_some": "MPI_Request_get_status_some (receive from LAST tag 5, in a loop) on MPI_COMM_WORLD",
    "threads": "MPI_Recv from any tag 9 on MPI_COMM_WORLD; MPI_Barrier on MPI_COMM_WORLD",
}


@pytest.fixture(scope="session")
def stuck(programs):
    return runtime_program(programs, "stuck.c")


def stuck_rows(n, call):
    """Patterns of the two rows of a table of n ranks."""
    last = n - 1
    where = re.escape(STUCK[call].replace("LAST", str(last)))
    return (rf"^  0-{last - 1} +\S+ +\d+\.\. +waiting .*  {where} for \d+\.\d s$",
            rf"^  {last} +\S+ +\d+ +waiting .*  MPI_Recv from 3 tag 7 on MPI_COMM_WORLD for \d+\.\d s$")


@pytest.mark.parametrize("call", STUCK)
def test_a_deadlock_explains_itself(mpiexec, stuck, tmp_path, call):
    w = Watched(mpiexec.start("--report", "report.json", "-n", "8", stuck, call))
    table = w.until(*stuck_rows(8, call), ask=True)
    assert len(table.splitlines()) == 4, table
    w.end()
    ranks = json.loads((tmp_path / "report.json").read_text())["jobs"][0]["ranks"]
    assert [x["last_seen"]["waits_in"] for x in ranks] == [STUCK[call].replace("LAST", "7")] * 7 + [
        "MPI_Recv from 3 tag 7 on MPI_COMM_WORLD"], ranks
    assert all(0 < x["last_seen"]["seconds"] < PATIENCE and x["last_seen"]["state"] == "waiting" for x in ranks), ranks


def test_the_host_of_who_is_waited_for(mpiexec, stuck):
    w = Watched(mpiexec.start("--hosts", "a,b", "--ppn", "4", "-n", "8", stuck, "ssend"))
    w.until(r"^  0-3 +a .*  MPI_Ssend to 7 tag 5 on MPI_COMM_WORLD \(7 is on b\) for \S+ s$",
            r"^  4-6 +b .*  MPI_Ssend to 7 tag 5 on MPI_COMM_WORLD for \S+ s$",
            r"^  7 +b .*  MPI_Recv from 3 tag 7 on MPI_COMM_WORLD \(3 is on a\) for \S+ s$", ask=True)
    w.end()


def test_what_is_under_way(mpiexec, programs, tmp_path):
    """Between ranks of two hosts: no connection; messages that are not taken; one that is asked for."""
    w = Watched(mpiexec.start("--report", "report.json", "--hosts", "a,b", "-n", "2", runtime_program(programs, "flight.c")))
    w.until(r"^  0 +a .*  MPI_Ssend to 1 tag 1 on MPI_COMM_WORLD \(1 is on b\) for \S+ s, not connected so far$", ask=True)
    tell(mpiexec.cwd, "connected")
    w.until(r"^  0 +a .*  MPI_Waitall \(send to 1 tag 2\) .* \(1 is on b\) for \S+ s, \S+ [kM]?B to it under way$", ask=True)
    tell(mpiexec.cwd, "taken")
    w.until(r"^  1 +b .*  MPI_Recv from 0 tag 3 on .* \(0 is on a\) for \S+ s, 16.8 MB from it under way$", ask=True)
    tell(mpiexec.cwd, "fetched")
    w.end(None)
    ranks = json.loads((tmp_path / "report.json").read_text())["jobs"][0]["ranks"]
    assert ranks[1]["last_seen"]["bytes_incoming"] == 16 << 20 and "bytes_outgoing" not in ranks[1]["last_seen"], ranks


@pytest.mark.parametrize("n", [8, 64])
def test_a_deadlock_until_the_timeout(mpiexec, stuck, n):
    """Not all may have arrived by then on a slow machine, where it is given more time."""
    for seconds in (2, 5, 15, 45):
        r = mpiexec("--timeout", seconds, "-n", n, stuck, "allreduce", timeout=4 * PATIENCE)
        assert r.code == 124 and len(tables(r.err)) == 1, r
        if all(re.search(row, r.err, re.M) for row in stuck_rows(n, "allreduce")):
            break
    assert all(re.search(row, r.err, re.M) for row in stuck_rows(n, "allreduce")), r
    assert len(tables(r.err)[0]) == 4, r
