/* SPDX-License-Identifier: BSD-3-Clause
 *
 * initless: spawns processes some of which end before MPI_Init. Usage: initless COMMAND N [RANK]: N processes, of which
 * that rank (without one: all) become the shell's COMMAND, and the others are in MPI_Init. Each rank prints what
 * MPI_Comm_spawn and its codes came to; with ERRORS_ARE_FATAL in the environment an error ends it. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int child(int argc, char **argv)
{
    const char *rank = getenv("PMI_RANK");
    if (argc < 4 || (rank && strcmp(rank, argv[3]) == 0)) {
        execl("/bin/sh", "sh", "-c", argv[2], (char *)NULL);
        return 127;
    }
    MPI_Init(&argc, &argv);
    return MPI_Finalize() != MPI_SUCCESS;
}

int main(int argc, char **argv)
{
    enum { MOST = 8 };
    int codes[MOST] = {0}, class, wrong = 0;
    MPI_Comm inter;
    if (argc > 2 && strcmp(argv[1], "child") == 0)
        return child(argc, argv);
    if (argc < 3 || atoi(argv[2]) < 1 || atoi(argv[2]) > MOST)
        return 2;
    MPI_Init(&argc, &argv);
    if (!getenv("ERRORS_ARE_FATAL"))
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    char *args[] = {"child", argv[1], argc > 3 ? argv[3] : NULL, NULL};
    int n = atoi(argv[2]), rc = MPI_Comm_spawn(argv[0], args, n, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter, codes);
    MPI_Error_class(rc, &class);
    for (int i = 0; i < n; i++)
        wrong += codes[i] == MPI_ERR_SPAWN;
    printf("%s %d\n", class == MPI_ERR_SPAWN ? "MPI_ERR_SPAWN" : "another class", wrong);
    return MPI_Finalize() != MPI_SUCCESS;
}
