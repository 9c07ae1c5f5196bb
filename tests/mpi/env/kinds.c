/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Kinds of memory: what is supported of those that were asked for, of mpiexec and of each session; the same on all that
 * is made from it. As an argument: what MPI_COMM_WORLD is to say. */
#include "../check.h"

#define KEY "mpi_memory_alloc_kinds"

static void expect(MPI_Info info, const char *want)
{
    char value[MPI_MAX_INFO_VAL];
    int n = sizeof value, flag;
    OK(MPI_Info_get_string(info, KEY, &n, value, &flag));
    CHECK(flag && strcmp(value, want) == 0);
    OK(MPI_Info_free(&info));
}

static void comm_expect(MPI_Comm c, const char *want)
{
    MPI_Info info;
    OK(MPI_Comm_get_info(c, &info));
    expect(info, want);
}

static void session(const char *asked, const char *want)
{
    MPI_Session s;
    MPI_Info info;
    MPI_Group g;
    MPI_Comm c, d;
    OK(MPI_Info_create(&info));
    if (asked)
        OK(MPI_Info_set(info, KEY, asked));
    OK(MPI_Session_init(info, MPI_ERRORS_RETURN, &s));
    OK(MPI_Info_free(&info));
    OK(MPI_Session_get_info(s, &info));
    expect(info, want);
    OK(MPI_Group_from_session_pset(s, "mpi://WORLD", &g));
    OK(MPI_Comm_create_from_group(g, "kinds", MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
    OK(MPI_Comm_dup(c, &d));
    comm_expect(c, want);
    comm_expect(d, want);
    OK(MPI_Comm_free(&d));
    OK(MPI_Comm_free(&c));
    OK(MPI_Group_free(&g));
    OK(MPI_Session_finalize(&s));
}

int main(int argc, char **argv)
{
    const char *world_says = argc > 1 ? argv[1] : "system,mpi";
    MPI_Comm c;
    session(NULL, "system,mpi");
    session("system", "system,mpi");
    session("mpi:alloc_mem,system,mpi:alloc_mem", "system,mpi,mpi:alloc_mem");
    session("mpi:win_allocate:win_allocate_shared,cuda,mpi:sometimes,mp",
            "system,mpi,mpi:win_allocate:win_allocate_shared");
    session(",,:,mpi:,system:alloc_mem,", "system,mpi");
    begin(&argc, &argv);
    comm_expect(MPI_COMM_WORLD, world_says);
    comm_expect(MPI_COMM_SELF, world_says);
    OK(MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &c));
    comm_expect(c, world_says);
    OK(MPI_Comm_free(&c));
    session("mpi:alloc_mem", "system,mpi,mpi:alloc_mem");
    return end();
}
