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

int main(int argc, char **argv)
{
    int rank, size, here, sum, x;
    const char *what = argc > 1 ? argv[1] : "";
    MPI_Comm node;
    MPI_Init(&argc, &argv);
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
    MPI_Comm_free(&node);
    MPI_Finalize();
    return 0;
}
