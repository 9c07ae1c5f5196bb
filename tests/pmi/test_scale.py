# SPDX-License-Identifier: BSD-3-Clause
"""Rings and all-to-all reads of raw-wire clients, over nodes and trees."""

import pytest

# A PMI-1 client in C: put, barrier, get of the neighbour's value, or of everybody's (argument "all"); some rounds.
CLIENT = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fd;

static char *ask(const char *line)
{
    static char got[4096];
    size_t n = 0;
    if (write(fd, line, strlen(line)) < 0)
        exit(2);
    while (n == 0 || got[n - 1] != '\n') {
        ssize_t k = read(fd, got + n, sizeof got - 1 - n);
        if (k <= 0)
            exit(3);
        n += (size_t)k;
    }
    got[n] = 0;
    return got;
}

static void expect(const char *got, const char *want)
{
    if (strcmp(got, want)) {
        fprintf(stderr, "got %swant %s", got, want);
        exit(4);
    }
}

int main(int argc, char **argv)
{
    int rank = atoi(getenv("PMI_RANK")), size = atoi(getenv("PMI_SIZE"));
    int all = argc > 1 && !strcmp(argv[1], "all");
    char line[512], want[512], kvs[300];
    fd = atoi(getenv("PMI_FD"));
    expect(ask("cmd=init pmi_version=1 pmi_subversion=1\n"),
           "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n");
    sscanf(ask("cmd=get_my_kvsname\n"), "cmd=my_kvsname rc=0 kvsname=%299s", kvs);
    for (int round = 0; round < 3; round++) {
        snprintf(line, sizeof line, "cmd=put kvsname=%s key=k-%d-%d value=%0100d\n", kvs, round, rank, rank);
        expect(ask(line), "cmd=put_result rc=0\n");
        expect(ask("cmd=barrier_in\n"), "cmd=barrier_out tag=0\n");
        for (int i = 1; i <= (all ? size : 1); i++) {
            int r = (rank + i) % size;
            snprintf(line, sizeof line, "cmd=get kvsname=%s key=k-%d-%d\n", kvs, round, r);
            snprintf(want, sizeof want, "cmd=get_result rc=0 value=%0100d\n", r);
            expect(ask(line), want);
        }
    }
    expect(ask("cmd=finalize\n"), "cmd=finalize_ack rc=0\n");
    return 0;
}
"""

PLACES = [
    (1, "a", []),
    (64, "a", []),
    (64, "n[1-8]", []),
    (64, "n[1-8]", ["--map-by", "node"]),
    (32, "n[1-32]", ["--tree-radix", "2"]),
    (100, "n[1-7]", ["--tree-radix", "2", "--map-by", "node"]),
]


@pytest.mark.parametrize("n, hosts, more", PLACES, ids=[f"{n} ranks on {h} {' '.join(m)}" for n, h, m in PLACES])
@pytest.mark.parametrize("what", ["ring", "all"])
def test_values_reach_those_who_ask(mpiexec, cc, n, hosts, more, what):
    mpiexec.ok("-n", str(n), "--hosts", hosts, *more, cc(CLIENT), what)


def test_an_irregular_map_of_many_ranks_is_no_burden(mpiexec, cc):
    blocks = ",".join(f"({(i * i + i // 3) % 3},1,1)" for i in range(300))
    mpiexec.ok("-n", "300", "--hosts", "a,b,c", "-rankmap", f"(vector,{blocks})", cc(CLIENT), "ring")
