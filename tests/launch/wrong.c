/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wrong: one wrong call after the other, by name: what the library says of it. */
#include "scenario.h"

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

enum { LONG = 90000 };
static int buf[LONG], in[LONG];
static MPI_Request r[2];
static const MPI_Comm world = MPI_COMM_WORLD;

static void receive(int n)
{
    if (rank == 1)
        MPI_Send(buf, n, MPI_INT, 0, 7, world);
    else
        MPI_Recv(in, 10, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, world, MPI_STATUS_IGNORE);
    MPI_Barrier(world);
}
static void recv_short(void)
{
    receive(20);
}
static void recv_long(void)
{
    receive(LONG);
}
static void wait_late(void)
{
    if (rank == 0)
        MPI_Irecv(in, 10, MPI_INT, 1, 7, world, r);
    MPI_Barrier(world);
    if (rank == 1)
        MPI_Send(buf, 20, MPI_INT, 0, 7, world);
    else
        MPI_Wait(r, MPI_STATUS_IGNORE);
}
/* What a later message says is not what the first one is told with. */
static void waitall(void)
{
    if (rank == 0) {
        MPI_Irecv(in, 10, MPI_INT, 1, 7, world, &r[0]);
        MPI_Irecv(in + 10, 5, MPI_INT, 1, 8, world, &r[1]);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    } else {
        MPI_Send(buf, 20, MPI_INT, 0, 7, world);
        MPI_Send(buf, 6, MPI_INT, 0, 8, world);
    }
    MPI_Barrier(world);
}
static void bcast_short(void)
{
    MPI_Bcast(buf, rank == 0 ? 20 : 10, MPI_INT, 0, world);
    MPI_Barrier(world);
}
static void ibcast_short(void)
{
    MPI_Ibcast(buf, rank == 0 ? 20 : 10, MPI_INT, 0, world, r);
    MPI_Wait(r, MPI_STATUS_IGNORE);
    MPI_Barrier(world);
}
static void null(void)
{
    MPI_Send(NULL, 1, MPI_INT, 0, 0, world);
}
static void bcast_null(void)
{
    MPI_Bcast(NULL, 1, MPI_INT, 0, world);
}
static void in_place(void)
{
    MPI_Send(MPI_IN_PLACE, 1, MPI_INT, 0, 0, world);
}
static void alias(void)
{
    MPI_Allreduce(buf, buf, 1, MPI_INT, MPI_SUM, world);
}
static void init_twice(void)
{
    MPI_Init(NULL, NULL);
}
static void result_null(void)
{
    MPI_Comm_rank(world, NULL);
}
static void type_null(void)
{
    MPI_Send(buf, 1, MPI_DATATYPE_NULL, 0, 0, world);
}
static void uncommitted(void)
{
    MPI_Datatype t;
    MPI_Type_contiguous(2, MPI_INT, &t);
    MPI_Send(buf, 1, t, 0, 0, world);
}
static void comm_null(void)
{
    MPI_Barrier(MPI_COMM_NULL);
}
static void comm_freed(void)
{
    MPI_Comm c, same;
    MPI_Comm_dup(world, &c);
    same = c;
    MPI_Comm_free(&c);
    MPI_Barrier(same);
}
static void no_request(void)
{
    r[0] = (MPI_Request)1234567;
    MPI_Wait(r, MPI_STATUS_IGNORE);
}
static void group_of(int n, int first)
{
    MPI_Group g, h;
    int ranks[2] = {first, 0};
    MPI_Comm_group(world, &g);
    MPI_Group_incl(g, n, ranks, &h);
}
static void group_rank(void)
{
    group_of(1, 55);
}
static void group_twice(void)
{
    group_of(2, 0);
}
static void dims(void)
{
    int d[2] = {3, 0};
    MPI_Dims_create(4, 2, d);
}
static void cart(void)
{
    int d[2] = {3, 3}, periods[2] = {0};
    MPI_Comm c;
    MPI_Cart_create(world, 2, d, periods, 0, &c);
}

static const struct scenario calls[] = {
    S(recv_short), S(recv_long),  S(wait_late),  S(waitall),    S(bcast_short), S(ibcast_short), S(null),
    S(bcast_null), S(in_place),   S(alias),      S(init_twice), S(result_null), S(type_null),    S(uncommitted),
    S(comm_null),  S(comm_freed), S(no_request), S(group_rank), S(group_twice), S(dims),         S(cart)};

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    scenario_run(calls, sizeof calls / sizeof *calls, argv[1]);
    MPI_Finalize();
    return 0;
}
