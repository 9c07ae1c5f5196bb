/* SPDX-License-Identifier: BSD-3-Clause
 *
 * own: a program on our own library, for launchers of others. Prints "RANK of SIZE: HERE on this node" once the ranks
 * of its node have talked; then does what its argument says, with $OWN_MEET not before all ranks of all nodes have said
 * so there. */
#include <mpi.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By a file of each in that directory. */
static void meet(const char *directory, int rank, int size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", directory, rank);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    for (int r = 0; r < size; r++)
        while (snprintf(path, sizeof path, "%s/%d", directory, r), access(path, F_OK) != 0)
            usleep(10000);
}

/* What OpenPMIx's library leaves at its end is not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libpmix.so";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

static void must(int ok)
{
    if (!ok)
        MPI_Abort(MPI_COMM_WORLD, 8);
}

/* What the first rank publishes, all find, until it takes it back. */
static void names(int rank)
{
    char port[MPI_MAX_PORT_NAME] = "";
    int class = 0;
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    must(rank != 0 || MPI_Publish_name("ocean", MPI_INFO_NULL, "a port = 1;2") == MPI_SUCCESS);
    MPI_Barrier(MPI_COMM_WORLD);
    must(MPI_Lookup_name("ocean", MPI_INFO_NULL, port) == MPI_SUCCESS && strcmp(port, "a port = 1;2") == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    must(rank != 0 || MPI_Unpublish_name("ocean", MPI_INFO_NULL, port) == MPI_SUCCESS);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Error_class(MPI_Lookup_name("ocean", MPI_INFO_NULL, port), &class);
    must(class == MPI_ERR_NAME);
}

/* Two commands of this program, two processes and one, which are then one with those that have started them. */
static void spawn(char *program)
{
    char *commands[] = {program, program}, *first[] = {"child", "first", NULL}, *second[] = {"child", "second", NULL},
         **arguments[] = {first, second};
    int counts[] = {2, 1}, codes[3] = {-1, -1, -1}, rank, size, sum;
    MPI_Info infos[2];
    MPI_Comm children, all;
    for (int i = 0; i < 2; i++)
        MPI_Info_create(&infos[i]);
    MPI_Info_set(infos[0], "env", "OWN_SAYS=hello\nOWN_TOO=2");
    MPI_Info_set(infos[1], "wdir", "/");
    must(MPI_Comm_spawn_multiple(2, commands, arguments, counts, infos, 0, MPI_COMM_WORLD, &children, codes) ==
         MPI_SUCCESS);
    must(codes[0] == MPI_SUCCESS && codes[1] == MPI_SUCCESS && codes[2] == MPI_SUCCESS);
    for (int i = 0; i < 2; i++)
        MPI_Info_free(&infos[i]);
    MPI_Intercomm_merge(children, 0, &all);
    MPI_Comm_rank(all, &rank);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, all);
    MPI_Comm_size(all, &size);
    must(sum == size * (size - 1) / 2);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&children);
}

static void child(const char *which)
{
    char directory[4096] = "";
    int rank, size, sum;
    MPI_Comm parents, all;
    MPI_Comm_get_parent(&parents);
    must(parents != MPI_COMM_NULL);
    MPI_Intercomm_merge(parents, 1, &all);
    MPI_Comm_rank(all, &rank);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, all);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("child %d of %d: %s %s %s\n", rank, size, which, getenv("OWN_SAYS") ? getenv("OWN_SAYS") : "-",
           strcmp(getcwd(directory, sizeof directory), "/") == 0 ? "at /" : "elsewhere");
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&parents);
}

int main(int argc, char **argv)
{
    int rank, size, here, sum, x;
    const char *what = argc > 1 ? argv[1] : "";
    MPI_Comm node;
    MPI_Init(&argc, &argv);
    if (strcmp(what, "child") == 0) {
        child(argc > 2 ? argv[2] : "");
        MPI_Finalize();
        return 0;
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &here);
    x = 1;
    MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, node);
    if (sum != here)
        MPI_Abort(MPI_COMM_WORLD, 9);
    printf("%d of %d: %d on this node\n", rank, size, here);
    fflush(stdout);
    MPI_Barrier(node); /* all have said it before one of them ends the others */
    if (getenv("OWN_MEET"))
        meet(getenv("OWN_MEET"), rank, size);
    if (strcmp(what, "abort") == 0 && rank == size - 1)
        MPI_Abort(MPI_COMM_WORLD, 5);
    if (strncmp(what, "killed", 6) == 0 && rank == size - 1) {
        usleep(200000);
        raise(SIGKILL);
    }
    if (strstr(what, "recv"))
        MPI_Recv(&x, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (strstr(what, "allreduce"))
        MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (strstr(what, "abort") || strstr(what, "barrier"))
        MPI_Barrier(MPI_COMM_WORLD);
    if (strcmp(what, "names") == 0)
        names(rank);
    if (strcmp(what, "spawn") == 0)
        spawn(argv[0]);
    MPI_Comm_free(&node);
    MPI_Finalize();
    return 0;
}
