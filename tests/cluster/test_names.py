# SPDX-License-Identifier: BSD-3-Clause
"""Two mpiexecs on two machines whose jobs meet: a port's name is published at a muster-names on a third."""

import os
import pathlib
import signal
import subprocess

import pytest

from conftest import MPIEXEC, PATIENCE, TREE, Started, clean_env, on_runtime
from processes import tell, until
from test_networks import networks  # noqa: F401

BUILD = os.environ.get("MUSTER_TEST_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build")

MEET = """
#include <mpi.h>
#include <stdio.h>
#include <string.h>
enum { BIG = 1 << 18 };
static int big[BIG];
int main(int argc, char **argv)
{
    int serves = strcmp(argv[1], "serve") == 0, rank, far, sum = 0, n, me;
    char port[MPI_MAX_PORT_NAME];
    MPI_Comm inter, all;
    MPI_Info wait;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Info_create(&wait);
    MPI_Info_set(wait, "timeout", "60");
    if (rank == 0 && serves) {
        MPI_Open_port(MPI_INFO_NULL, port);
        MPI_Publish_name("meeting", MPI_INFO_NULL, port);
    } else if (rank == 0) {
        MPI_Lookup_name("meeting", wait, port);
    }
    if (serves)
        MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter);
    else
        MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter);
    MPI_Comm_remote_size(inter, &far);
    for (int r = 0; r < far; r++) {
        big[BIG - 1] = 77 + serves;
        MPI_Sendrecv_replace(big, BIG, MPI_INT, r, 1, r, 1, inter, MPI_STATUS_IGNORE);
        if (big[BIG - 1] != 77 + !serves)
            printf("wrong %d\\n", big[BIG - 1]);
    }
    MPI_Intercomm_merge(inter, serves, &all);
    MPI_Comm_size(all, &n);
    MPI_Comm_rank(all, &me);
    MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, all);
    printf("%s %d of %d, %d\\n", argv[1], me, n, sum);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&inter);
    if (rank == 0 && serves) {
        MPI_Unpublish_name("meeting", MPI_INFO_NULL, port);
        MPI_Close_port(port);
    }
    MPI_Info_free(&wait);
    MPI_Finalize();
    return 0;
}
"""


class Machines:
    """Programs on any of the hosts."""

    def __init__(self, rig, cwd):
        self.rig, self.cwd, self.running = rig, cwd, []

    def start(self, host, *words, **env):
        more = [f"{name}={value}" for name, value in env.items()]
        where = self.rig.front if host == "front" else self.rig.hosts[host]
        p = Started(where.enter("/usr/bin/env", *more, *map(str, words), cwd=self.cwd), start_new_session=True,
                    env=clean_env(self.cwd, MUSTER_LAUNCHER="", MUSTER_NAMES_DIR="", MUSTER_NAMES_KEY=self.cwd / "names.key"),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.running.append(p)
        return p

    def serve(self, host, *words):
        p = self.start(host, TREE.names, *words)
        line = p.stdout.readline().decode()
        assert line.startswith("MUSTER_NAMES_SERVER="), (line, p.stderr.read())
        return line.strip().partition("=")[2]

    def ended(self, job):
        out, err = job.communicate(timeout=2 * PATIENCE)
        assert job.returncode == 0, (out, err)
        return out.decode().splitlines()

    def end(self):
        for p in self.running:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
            p.stdout.close(), p.stderr.close()


@pytest.fixture
def machines(rig, tmp_path):
    m = Machines(rig, tmp_path)
    yield m
    m.end()


@pytest.mark.parametrize("serve, call", [
    (("h1", "-n", "1"), ("h3", "-n", "1")),
    (("h1", "-n", "2"), ("h3", "-n", "3")),
    (("front", "--hosts", "h1:1,h3:1", "-n", "2"), ("h4", "-n", "2")),
], ids=["one and one", "two and three", "over two hosts"])
def test_they_meet(machines, programs, serve, call):
    names = machines.serve("h2")
    program = on_runtime(programs, MEET)
    a, b = (machines.start(host, MPIEXEC, *words, program, what, MUSTER_NAMES_SERVER=names)
            for what, (host, *words) in (("call", call), ("serve", serve)))
    n = int(serve[-1]) + int(call[-1])
    lines = sorted(machines.ended(a) + machines.ended(b))
    first = int(call[-1])
    assert lines == [f"{'call' if me < first else 'serve'} {me} of {n}, {n * (n - 1) // 2}" for me in range(n)], lines


def test_they_meet_though_networks_lead_nowhere(machines, networks, programs):
    """One that both have, whose address is the same on each; and one on which they cannot reach each other."""
    networks("docker0", "172.17.0.1/16", "172.17.0.1/16", "172.17.0.1/16")
    networks("aaa0", "10.66.0.1/24", "10.66.0.2/24", "10.66.0.3/24")
    names = machines.serve("h2")
    program = on_runtime(programs, MEET)
    a, b = (machines.start(host, MPIEXEC, "-n", "2", program, what, MUSTER_NAMES_SERVER=names)
            for what, host in (("call", "h3"), ("serve", "h1")))
    lines = sorted(machines.ended(a) + machines.ended(b))
    assert lines == ["call 0 of 4, 6", "call 1 of 4, 6", "serve 2 of 4, 6", "serve 3 of 4, 6"], lines


def test_off_the_network(machines, rig, programs, tmp_path):
    """What a machine has published goes, and what it asks for fails, when it is cut off; without it nobody waits."""
    names = machines.serve("h2", "--iface", "eth0")
    asks = str(pathlib.Path(BUILD) / "tests/pmi/asks")
    job = machines.start("h1", MPIEXEC, "-n", "1", asks, "publish", "lost", "here", "touch", "up", "file", "cut", "publish", "more", "x",
                         MUSTER_NAMES_SERVER=names)
    until(lambda: (tmp_path / "up").exists())
    rig.cut("h1")
    tell(tmp_path, "cut")
    out, err = job.communicate(timeout=2 * PATIENCE)
    assert out.decode().splitlines() == ["ok ", "service"] and b"muster-names at" in err, (out, err)
    until(lambda: machines.ended(machines.start("h3", MPIEXEC, "-n", "1", asks, "lookup", "lost", MUSTER_NAMES_SERVER=names)) == ["name"])


def test_by_its_hosts_name(machines, programs, tmp_path):
    """And a host of that list that is not there is no obstacle."""
    address = machines.serve("h2")
    asks = str(pathlib.Path(BUILD) / "tests/pmi/asks")
    names = "no-such-host:1,h2:" + address.rpartition(":")[2]
    job = machines.start("h1", MPIEXEC, "-n", "1", asks, "publish", "a", "here", "lookup", "a", MUSTER_NAMES_SERVER=names)
    assert machines.ended(job) == ["ok ", "ok here"]
