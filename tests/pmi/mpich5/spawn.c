/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: spawns children through MPICH 5. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parent spawns itself twice (one and several commands), exchanges a value with each child and disconnects. */
int main(int argc, char **argv)
{
    MPI_Comm parent, child;
    int rank, size, value, codes[3], *appnum, flag;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &appnum, &flag);
        MPI_Bcast(&value, 1, MPI_INT, 0, parent);
        value += rank;
        MPI_Reduce(&value, NULL, 1, MPI_INT, MPI_SUM, 0, parent);
        printf("child %d of %d, app %d, %s\n", rank, size, flag ? *appnum : -1, argc > 1 ? argv[1] : "");
        MPI_Comm_disconnect(&parent);
        MPI_Finalize();
        return 0;
    }
    char *args[] = {"an arg", NULL}, **argvs[] = {args, args}, *cmds[] = {argv[0], argv[0]};
    int procs[] = {1, 2}, sum = 0;
    MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    for (int multiple = 0; multiple < 2; multiple++) {
        if (multiple)
            MPI_Comm_spawn_multiple(2, cmds, argvs, procs, infos, 0, MPI_COMM_WORLD, &child, codes);
        else
            MPI_Comm_spawn(argv[0], args, 2, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &child, codes);
        value = 100;
        MPI_Bcast(&value, 1, MPI_INT, rank ? MPI_PROC_NULL : MPI_ROOT, child);
        MPI_Reduce(NULL, &sum, 1, MPI_INT, MPI_SUM, rank ? MPI_PROC_NULL : MPI_ROOT, child);
        MPI_Comm_disconnect(&child);
        if (!rank)
            printf("sum %d\n", sum);
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    codes[0] = codes[1] = 0;
    int rc = MPI_Comm_spawn("/nonexistent/prog", MPI_ARGV_NULL, 2, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &child, codes);
    if (!rank)
        printf("missing: %s\n", rc || (codes[0] && codes[1]) ? "an error code" : "no error code");
    MPI_Finalize();
    return 0;
}
