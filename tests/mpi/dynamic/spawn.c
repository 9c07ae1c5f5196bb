/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: parents and children, from both sides. Children are this program with arguments. Needs mpiexec. */
#include "../check.h"
#include <unistd.h>

enum { LONG = 100000 };
static const char *self;

/* Everybody of one side with everybody of the other, short and long. */
static void talk(MPI_Comm inter)
{
    int far, me, *long_out = calloc(LONG, sizeof(int)), *long_in = calloc(LONG, sizeof(int));
    OK(MPI_Comm_remote_size(inter, &far));
    OK(MPI_Comm_rank(inter, &me));
    for (int r = 0; r < far; r++) {
        int out = 1000 * me + r, in = -1;
        MPI_Status st;
        OK(MPI_Sendrecv(&out, 1, MPI_INT, r, 1, &in, 1, MPI_INT, r, 1, inter, &st));
        CHECK(in == 1000 * r + me && st.MPI_SOURCE == r);
        for (int i = 0; i < LONG; i++)
            long_out[i] = out + i;
        OK(MPI_Sendrecv(long_out, LONG, MPI_INT, r, 2, long_in, LONG, MPI_INT, r, 2, inter, &st));
        CHECK(long_in[0] == in && long_in[LONG - 1] == in + LONG - 1);
    }
    free(long_out);
    free(long_in);
}

/* Collectives between the groups, and in the one that they make together. */
static void together(MPI_Comm inter, int high)
{
    int near, far, me, all, n, sum = -1;
    MPI_Comm merged, half;
    OK(MPI_Comm_size(inter, &near));
    OK(MPI_Comm_remote_size(inter, &far));
    OK(MPI_Allreduce(&(int){1}, &sum, 1, MPI_INT, MPI_SUM, inter));
    CHECK(sum == far);
    OK(MPI_Intercomm_merge(inter, high, &merged));
    OK(MPI_Comm_size(merged, &all));
    OK(MPI_Comm_rank(merged, &me));
    CHECK(all == near + far);
    OK(MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, merged));
    CHECK(sum == all * (all - 1) / 2);
    OK(MPI_Comm_split(merged, me % 2, me, &half));
    OK(MPI_Comm_size(half, &n));
    CHECK(n == (all + 1 - me % 2) / 2);
    OK(MPI_Barrier(half));
    OK(MPI_Comm_free(&half));
    int *every = malloc((size_t)all * sizeof *every);
    OK(MPI_Allgather(&me, 1, MPI_INT, every, 1, MPI_INT, merged));
    for (int i = 0; i < all; i++)
        CHECK(every[i] == i);
    free(every);
    OK(MPI_Comm_free(&merged));
}

static int child(int argc, char **argv)
{
    MPI_Comm parent;
    char name[MPI_MAX_OBJECT_NAME];
    int *appnum, flag, n;
    OK(MPI_Comm_get_parent(&parent));
    CHECK(parent != MPI_COMM_NULL);
    OK(MPI_Comm_set_errhandler(parent, MPI_ERRORS_RETURN));
    OK(MPI_Comm_get_name(parent, name, &n));
    CHECK(strcmp(name, "MPI_COMM_PARENT") == 0);
    OK(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &appnum, &flag));
    CHECK(flag && *appnum == atoi(argv[2]));
    CHECK(argc == 4 && strcmp(argv[3], "two words; and\nmore") == 0);
    talk(parent);
    together(parent, 1);
    OK(MPI_Comm_disconnect(&parent));
    OK(MPI_Comm_get_parent(&parent));
    CHECK(parent == MPI_COMM_NULL);
    return 0;
}

static void one_command(MPI_Comm comm, int root, int children)
{
    char *argv[] = {"child", "0", "two words; and\nmore", NULL};
    int codes[8], me;
    MPI_Comm inter;
    OK(MPI_Comm_rank(comm, &me));
    for (int i = 0; i < children; i++)
        codes[i] = -1;
    OK(MPI_Comm_spawn(me == root ? self : NULL, me == root ? argv : NULL, me == root ? children : -5, MPI_INFO_NULL,
                      root, comm, &inter, codes));
    for (int i = 0; i < children; i++)
        CHECK(codes[i] == MPI_SUCCESS);
    talk(inter);
    together(inter, 0);
    OK(MPI_Comm_disconnect(&inter));
}

static void two_commands(void)
{
    char *commands[] = {(char *)self, (char *)self};
    char *first[] = {"child", "0", "two words; and\nmore", NULL},
         *second[] = {"child", "1", "two words; and\nmore", NULL};
    char **argvs[] = {first, second};
    int procs[] = {1, 2};
    MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    MPI_Comm inter;
    int n;
    OK(MPI_Comm_spawn_multiple(2, commands, argvs, procs, infos, 0, world, &inter, MPI_ERRCODES_IGNORE));
    OK(MPI_Comm_remote_size(inter, &n));
    CHECK(n == 3);
    talk(inter);
    together(inter, 0);
    OK(MPI_Comm_disconnect(&inter));
}

static void what_is_not_there(void)
{
    int codes[2] = {-1, -1};
    MPI_Comm inter;
    FAILS(MPI_ERR_SPAWN, MPI_Comm_spawn("/no/such/program", MPI_ARGV_NULL, 2, MPI_INFO_NULL, 0, world, &inter, codes));
    CHECK(codes[0] != MPI_SUCCESS && codes[1] != MPI_SUCCESS);
    FAILS(MPI_ERR_ARG, MPI_Comm_spawn(self, MPI_ARGV_NULL, 0, MPI_INFO_NULL, 0, world, &inter, codes));
    FAILS(MPI_ERR_ROOT, MPI_Comm_spawn(self, MPI_ARGV_NULL, 1, MPI_INFO_NULL, size, world, &inter, codes));
}

int main(int argc, char **argv)
{
    MPI_Comm parent;
    begin(&argc, &argv);
    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "child") == 0) {
        child(argc, argv);
        return end();
    }
    OK(MPI_Comm_get_parent(&parent));
    CHECK(parent == MPI_COMM_NULL);
    one_command(world, size - 1, 2);
    one_command(MPI_COMM_SELF, 0, 1);
    two_commands();
    what_is_not_there();
    return end();
}
