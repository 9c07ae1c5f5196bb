/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stuck: the last rank waits for rank 3, which never sends, and all others wait in the call that is named. */
#include "scenario.h"
#include <pthread.h>
#include <time.h>

enum { LONG = 300000 };
static int *buf, *to;
static MPI_Comm half;

static void allreduce(void)
{
    MPI_Allreduce(buf, to, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
}
static void allreduce_long(void)
{
    MPI_Allreduce(buf, to, LONG, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
}
static void bcast(void)
{
    MPI_Bcast(buf, 1, MPI_INT, last, MPI_COMM_WORLD);
}
static void bcast_long(void)
{
    MPI_Bcast(buf, LONG, MPI_INT, last, MPI_COMM_WORLD);
}
static void barrier(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
}
static void alltoall(void)
{
    MPI_Alltoall(buf, 1, MPI_INT, to, 1, MPI_INT, MPI_COMM_WORLD);
}
static void ibarrier(void)
{
    MPI_Request r;
    MPI_Ibarrier(MPI_COMM_WORLD, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}
static void send(void)
{
    MPI_Send(buf, LONG, MPI_INT, last, 5, MPI_COMM_WORLD);
}
static void ssend(void)
{
    MPI_Ssend(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD);
}
static void probe(void)
{
    MPI_Probe(last, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
static void mprobe_any(void)
{
    MPI_Message m;
    MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &m, MPI_STATUS_IGNORE);
}
static void recv_any(void)
{
    MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
static void sendrecv(void)
{
    MPI_Sendrecv(buf, 1, MPI_INT, last, 5, to, 1, MPI_INT, last, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
static void waitall(void)
{
    MPI_Request r[2];
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r[0]);
    MPI_Issend(to, 1, MPI_INT, last, 6, MPI_COMM_WORLD, &r[1]);
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
}
static void waitany(void)
{
    MPI_Request r[2];
    int i;
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r[0]);
    MPI_Irecv(to, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r[1]);
    MPI_Waitany(2, r, &i, MPI_STATUS_IGNORE);
}
static void test(void)
{
    MPI_Request r;
    int flag = 0;
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r);
    while (!flag)
        MPI_Test(&r, &flag, MPI_STATUS_IGNORE);
}
/* One of them comes at once, and tests of it and of another kind do not hide the other. */
static void testsome(void)
{
    MPI_Request r[2];
    int n, at[2];
    MPI_Irecv(buf, 1, MPI_INT, rank, 5, MPI_COMM_WORLD, &r[0]);
    MPI_Issend(to, 1, MPI_INT, last, 6, MPI_COMM_WORLD, &r[1]);
    MPI_Send(&rank, 1, MPI_INT, rank, 5, MPI_COMM_WORLD);
    do
        MPI_Testsome(2, r, &n, at, MPI_STATUSES_IGNORE);
    while (n != MPI_UNDEFINED);
}
static void testall(void)
{
    MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int flag = 0;
    MPI_Ibarrier(half, &r[1]);
    while (!flag)
        MPI_Testall(2, r, &flag, MPI_STATUSES_IGNORE);
}
/* The same call in a loop, in four forms that leave the request alone. */
static void status_one(void)
{
    MPI_Request r;
    int flag = 0;
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r);
    while (!flag)
        MPI_Request_get_status(r, &flag, MPI_STATUS_IGNORE);
}
static void status_all(void)
{
    MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int flag = 0;
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r[1]);
    while (!flag)
        MPI_Request_get_status_all(2, r, &flag, MPI_STATUSES_IGNORE);
}
static void status_any(void)
{
    MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int flag = 0, at;
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r[1]);
    while (!flag)
        MPI_Request_get_status_any(2, r, &at, &flag, MPI_STATUS_IGNORE);
}
static void status_some(void)
{
    MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int n = 0, at[2];
    MPI_Irecv(buf, 1, MPI_INT, last, 5, MPI_COMM_WORLD, &r[1]);
    while (n == 0)
        MPI_Request_get_status_some(2, r, &n, at, MPI_STATUSES_IGNORE);
}
static void iprobe(void)
{
    int flag = 0;
    while (!flag)
        MPI_Iprobe(MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
}
static void *other(void *arg)
{
    MPI_Recv(to, 1, MPI_INT, MPI_ANY_SOURCE, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return arg;
}
/* One thread waits for longer than the other. */
static void threads(void)
{
    pthread_t t;
    struct timespec while_ = {.tv_nsec = 300000000};
    pthread_create(&t, NULL, other, NULL);
    nanosleep(&while_, NULL);
    MPI_Barrier(MPI_COMM_WORLD);
}
static void part(void)
{
    MPI_Barrier(half);
}

static const struct scenario calls[] = {S(allreduce),  S(allreduce_long), S(bcast),      S(bcast_long), S(barrier),
                                        S(alltoall),   S(ibarrier),       S(send),       S(ssend),      S(probe),
                                        S(mprobe_any), S(recv_any),       S(sendrecv),   S(waitall),    S(waitany),
                                        S(part),       S(test),           S(testsome),   S(testall),    S(iprobe),
                                        S(threads),    S(status_one),     S(status_all), S(status_any), S(status_some)};

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    buf = calloc(LONG, sizeof *buf);
    to = calloc(LONG, sizeof *to);
    MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &half);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == last)
        MPI_Recv(buf, 1, MPI_INT, 3, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else
        scenario_run(calls, sizeof calls / sizeof *calls, argv[1]);
    MPI_Finalize();
    return 0;
}
