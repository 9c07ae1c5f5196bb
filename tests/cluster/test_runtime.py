# SPDX-License-Identifier: BSD-3-Clause
"""Our own runtime on several hosts: its ranks talk over the network that these have in common."""

import os
import shutil
import signal
import subprocess

import pytest

from conftest import on_runtime
from processes import PATIENCE, until

TALK = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONG = 1 << 20 };

/* Sums of all, long messages round in a ring: rank's number at each place, and once more upwards. */
int main(void)
{
    int rank, size, sum = -1, length, good = 1;
    int *out = malloc(LONG * sizeof *out), *in = malloc(LONG * sizeof *in);
    char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int left = (rank + size - 1) % size;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LONG; i++)
            out[i] = rank + i + round;
        MPI_Sendrecv(out, LONG, MPI_INT, (rank + 1) % size, 0, in, LONG, MPI_INT, left, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        for (int i = 0; i < LONG; i++)
            good &= in[i] == left + i + round;
        MPI_Allreduce(out, in, LONG, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        for (int i = 0; i < LONG; i++)
            good &= in[i] == size * (size - 1) / 2 + size * (i + round);
        MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        good &= sum == size * (size - 1) / 2;
    }
    MPI_Get_processor_name(host, &length);
    printf("%s %d %d\n", host, rank, good);
    MPI_Finalize();
    free(out);
    free(in);
    return 0;
}
"""

RING = r"""
#include <mpi.h>
#include <stdio.h>

/* A number goes round, and a sum is made. */
int main(void)
{
    int rank, size, got = -1, sum = 0, length;
    char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % size, 0, &got, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Get_processor_name(host, &length);
    printf("%s %d %d\n", host, rank, got == (rank + size - 1) % size && sum == size * (size - 1) / 2);
    MPI_Finalize();
    return 0;
}
"""

LOSS = r"""
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last rank, of another host, is lost while rank 0 waits for it. */
int main(int argc, char **argv)
{
    int rank, size, x = 0, class;
    char file[64];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Barrier(MPI_COMM_WORLD);
    snprintf(file, sizeof file, "here.%d", rank);
    fclose(fopen(file, "w"));
    if (rank == size - 1)
        for (;;)
            pause();
    if (rank == 0) {
        MPI_Error_class(MPI_Recv(&x, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE), &class);
        puts(class == MPI_ERR_PROC_ABORTED ? "fine" : "wrong");
    }
    MPI_Finalize();
    return 0;
}
"""


@pytest.mark.parametrize("hosts, each", [("h1,h2", 1), ("h1,h2", 2), ("h1,h2,h3,h4", 1), ("h1,h2,h3,h4", 2)])
def test_ranks_talk_over_the_network(mpiexec, programs, rig, hosts, each):
    names = hosts.split(",")
    n = each * len(names)
    before = carried(rig, names)
    r = mpiexec.ok("--hosts", hosts, "--ppn", each, "-n", n, on_runtime(programs, TALK))
    assert sorted(r.lines) == [f"{names[i // each]} {i} 1" for i in range(n)], r
    assert min(b - a for a, b in zip(before, carried(rig, names))) > 40 << 20  # ten long messages each


def carried(rig, names):
    """Bytes that have gone out of each host."""
    def sent(host):
        lines = host.run("cat", "/proc/net/dev", capture_output=True, text=True).stdout.splitlines()
        (words,) = [line.split() for line in lines if line.split()[0] == "eth0:"]
        return int(words[9])
    return [sent(rig.hosts[h]) for h in names]


@pytest.mark.parametrize("how", ["killed", "cut off"])
def test_a_host_that_is_lost(mpiexec, programs, rig, how):
    """Its kernel tells of a rank that is killed, and nobody of a host that is cut off: then the launcher does."""
    program = on_runtime(programs, LOSS)
    p = mpiexec.start("--no-kill", "--heartbeat", 2, "--hosts", "h1,h2", "-n", 2, program)
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    if how == "cut off":
        rig.cut("h2")
    else:
        (victim,) = [q for q in rig.hosts["h2"].left() if os.path.realpath(f"/proc/{q}/exe") == os.path.realpath(program)]
        os.kill(victim, signal.SIGKILL)
    out, err = p.communicate(timeout=120)
    assert out == b"fine\n", (out, err)
    assert p.returncode == (1 if how == "cut off" else 137), err
    rig.mend("h2")


def test_under_hydra(rig, programs, tmp_path):
    """MPICH's mpiexec starts our ranks, and knows nothing of where they listen: they tell one another through it."""
    hydra = shutil.which("mpiexec.hydra")
    if not hydra:
        pytest.skip("needs mpich")
    p = subprocess.run(rig.front.enter(hydra, "-launcher", "ssh", "-hosts", "h1,h2", "-ppn", "2", "-n", "4", on_runtime(programs, RING)),
                       capture_output=True, text=True, timeout=2 * PATIENCE)
    assert (p.returncode, sorted(p.stdout.splitlines())) == (0, ["h1 0 1", "h1 1 1", "h2 2 1", "h2 3 1"]), p


def test_under_srun(jobs, programs):
    r = jobs("srun --mpi=pmi2 '%s'" % on_runtime(programs, RING), "-N2", "-n4", "--ntasks-per-node=2")
    assert r.code == 0 and sorted(r.lines) == ["h1 0 1", "h1 1 1", "h2 2 1", "h2 3 1"], r
