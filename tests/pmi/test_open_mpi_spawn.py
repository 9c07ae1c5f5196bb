# SPDX-License-Identifier: BSD-3-Clause
"""MPI_Comm_spawn of programs built with Debian's Open MPI: PMIx' spawn, connect and names that are read once."""

import pytest

from processes import PATIENCE

NODES = [(), ("--hosts", "a,b", "--ppn", "1")]
NAMES = ["1 node", "2 nodes"]

# The parents spawn one or two commands and meet the children in one communicator; then everybody goes.
FAMILY = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static MPI_Info info_of(char **words)
{
    MPI_Info info;
    MPI_Info_create(&info);
    for (; *words; words += 2)
        MPI_Info_set(info, words[0], words[1]);
    return info;
}

static void be_child(MPI_Comm parent, char **argv)
{
    char name[MPI_MAX_PROCESSOR_NAME], cwd[4096];
    int rank, size, parents, n, *app, flag, sum, one = 1;
    MPI_Comm all;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_remote_size(parent, &parents);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &app, &flag);
    MPI_Get_processor_name(name, &n);
    MPI_Intercomm_merge(parent, 1, &all);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, all);
    printf("child %d of %d app %d of %d parents in all %d: %s at %s in %s\n", rank, size, flag ? *app : -1, parents, sum,
           argv[1] ? argv[1] : "", getenv("PMI_HOSTNAME"), strrchr(getcwd(cwd, sizeof cwd), '/') + 1);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&parent);
}

static int be_parent(int argc, char **argv)
{
    MPI_Comm children, all;
    int rank, rc, sum, one = 1, codes[3];
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (!strcmp(argv[1], "two")) {
        char *commands[] = {argv[0], argv[0]}, *first[] = {"first", NULL}, *second[] = {"second", NULL}, **args[] = {first, second};
        int n[] = {1, 2};
        MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
        rc = MPI_Comm_spawn_multiple(2, commands, args, n, infos, 0, MPI_COMM_WORLD, &children, codes);
    } else {
        MPI_Info info = info_of(argv + 3);
        rc = MPI_Comm_spawn(argc > 1 && strcmp(argv[1], "-") ? argv[1] : argv[0], MPI_ARGV_NULL, atoi(argv[2]), info, 0,
                            MPI_COMM_WORLD, &children, MPI_ERRCODES_IGNORE);
        MPI_Info_free(&info);
    }
    if (rc) {
        printf("parent %d: error\n", rank);
        return 0;
    }
    MPI_Intercomm_merge(children, 0, &all);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, all);
    printf("parent %d: all %d\n", rank, sum);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&children);
    return 0;
}

int main(int argc, char **argv)
{
    MPI_Comm parent;
    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent == MPI_COMM_NULL)
        be_parent(argc, argv);
    else
        be_child(parent, argv);
    MPI_Finalize();
    return 0;
}
"""


def family(r):
    """What the ranks have said, without where they are."""
    return sorted(line.split(":")[0] if line.startswith("child") else line for line in r.lines)


@pytest.mark.parametrize("parents, nodes", [(1, NODES[0]), (2, NODES[0]), (1, NODES[1]), (2, NODES[1])],
                         ids=["1 on 1 node", "2 on 1 node", "1 on 2 nodes", "2 on 2 nodes"])
def test_parents_and_children_meet(mpiexec, ompicc, parents, nodes):
    r = mpiexec.ok("-n", str(parents), *nodes, ompicc(FAMILY), "-", "2", timeout=4 * PATIENCE)
    assert family(r) == [f"child {i} of 2 app 0 of {parents} parents in all {parents + 2}" for i in range(2)] + \
        [f"parent {i}: all {parents + 2}" for i in range(parents)], r


def test_several_commands(mpiexec, ompicc):
    r = mpiexec.ok("-n", "1", ompicc(FAMILY), "two", timeout=4 * PATIENCE)
    said = sorted(line.split(" at ")[0] for line in r.lines)
    assert said == ["child 0 of 3 app 0 of 1 parents in all 4: first", "child 1 of 3 app 1 of 1 parents in all 4: second",
                    "child 2 of 3 app 1 of 1 parents in all 4: second", "parent 0: all 4"], r


def test_info_keys(mpiexec, ompicc, tmp_path):
    """Which host, and which directory."""
    (tmp_path / "there").mkdir()
    r = mpiexec.ok("-n", "1", "--hosts", "a,b", ompicc(FAMILY), "-", "1", "host", "b", "wdir", tmp_path / "there",
                   timeout=4 * PATIENCE)
    assert sorted(r.lines)[0].endswith(" at b in there"), r


def test_a_host_that_the_job_did_not_have(mpiexec, ompicc):
    r = mpiexec.ok("-n", "1", "--hosts", "a", ompicc(FAMILY), "-", "2", "host", "c", timeout=4 * PATIENCE)
    assert sum(" at c in " in line for line in r.lines) == 2 and "parent 0: all 3" in r.lines, r


def test_so_many_on_each_host(mpiexec, ompicc):
    """Open MPI's own key, which PMIx has another word for."""
    r = mpiexec.ok("-n", "1", "--hosts", "a,b", ompicc(FAMILY), "-", "2", "npernode", "1", timeout=4 * PATIENCE)
    assert [line.split(" at ")[1].split()[0] for line in sorted(r.lines) if line.startswith("child")] == ["a", "b"], r


@pytest.mark.parametrize("what, why", [(("/nonexistent/program", "1"), ""), (("-", "1", "host", "nowhere,,"), "nowhere")],
                         ids=["no program", "no host"])
def test_what_cannot_be_spawned(mpiexec, ompicc, what, why):
    """The spawn fails, its job goes on, and the reason is told."""
    r = mpiexec("-n", "1", ompicc(FAMILY), *what, timeout=4 * PATIENCE)
    assert r.code == 0 and r.lines == ["parent 0: error"] and why in r.err, r
