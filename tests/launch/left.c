/* SPDX-License-Identifier: BSD-3-Clause
 *
 * left: the last rank finalizes and leaves while others still need it; what do they see? Usage, under mpiexec: left
 * SCENARIO [seconds after which it leaves]. A rank that saw what it should prints "fine"; those in small letters see
 * errors, those with a capital work as if nobody had left. */
#include "scenario.h"
#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { BIG = 1 << 18 };
static int buf[BIG], to[BIG];
static MPI_Comm pair; /* of rank 0 and the last one */

#define ENDED(call) is(class_of(call) == MPI_ERR_PROC_ABORTED, #call)
#define WELL(call) is((call) == MPI_SUCCESS, #call)

static void recv_named(void)
{
    ENDED(MPI_Recv(buf, 1, MPI_INT, last, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    ENDED(MPI_Recv(buf, 1, MPI_INT, last, MPI_ANY_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}
static void wait(void)
{
    MPI_Request r;
    WELL(MPI_Irecv(buf, 1, MPI_INT, last, 7, MPI_COMM_WORLD, &r));
    ENDED(MPI_Wait(&r, MPI_STATUS_IGNORE));
    IS(r == MPI_REQUEST_NULL);
}
static void waitall(void)
{
    MPI_Request r[4];
    MPI_Status s[4];
    MPI_Irecv(&buf[0], 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[0]);
    MPI_Irecv(&buf[1], 1, MPI_INT, rank, 0, MPI_COMM_WORLD, &r[1]);
    MPI_Issend(&buf[2], 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[2]);
    MPI_Isend(&rank, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[3]);
    MPI_Send(&rank, 1, MPI_INT, rank, 0, MPI_COMM_WORLD);
    IS(class_of(MPI_Waitall(4, r, s)) == MPI_ERR_IN_STATUS);
    ENDED(s[0].MPI_ERROR);
    IS(s[1].MPI_ERROR == MPI_SUCCESS && buf[1] == rank);
    ENDED(s[2].MPI_ERROR);
    WELL(s[3].MPI_ERROR);
}
static void waitany(void)
{
    MPI_Request r[3] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int i;
    MPI_Irecv(&buf[0], 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[0]);
    MPI_Irecv(&buf[1], 1, MPI_INT, last, 1, MPI_COMM_WORLD, &r[2]);
    ENDED(MPI_Waitany(3, r, &i, MPI_STATUS_IGNORE));
    ENDED(MPI_Waitany(3, r, &i, MPI_STATUS_IGNORE));
    WELL(MPI_Waitany(3, r, &i, MPI_STATUS_IGNORE));
    IS(i == MPI_UNDEFINED);
}
static void persistent(void)
{
    MPI_Request r, s;
    MPI_Recv_init(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r);
    MPI_Ssend_init(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &s);
    for (int i = 0; i < 2; i++) {
        WELL(MPI_Start(&r));
        ENDED(MPI_Wait(&r, MPI_STATUS_IGNORE));
        WELL(MPI_Start(&s));
        ENDED(MPI_Wait(&s, MPI_STATUS_IGNORE));
    }
    MPI_Request_free(&r);
    MPI_Request_free(&s);
}
static void probe(void)
{
    MPI_Message m;
    ENDED(MPI_Probe(last, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    ENDED(MPI_Mprobe(last, MPI_ANY_TAG, MPI_COMM_WORLD, &m, MPI_STATUS_IGNORE));
}
static void sendrecv(void)
{
    ENDED(MPI_Sendrecv(buf, 1, MPI_INT, last, 0, to, 1, MPI_INT, last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    MPI_Request r;
    WELL(MPI_Isendrecv(buf, BIG, MPI_INT, last, 0, to, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r));
    ENDED(MPI_Wait(&r, MPI_STATUS_IGNORE));
}
static void ssend(void)
{
    ENDED(MPI_Ssend(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD));
}
static void send_long(void)
{
    ENDED(MPI_Send(buf, BIG, MPI_INT, last, 0, MPI_COMM_WORLD));
}
/* Messages that need no receiver to be complete do not depend on when the receiver leaves. */
static void Send_many(void)
{
    for (int i = 0; i < 10000; i++)
        WELL(MPI_Send(buf, i % 100, MPI_INT, last, 0, MPI_COMM_WORLD));
}
/* Nobody is left who could send. */
static void any(void)
{
    if (rank > 0)
        return;
    MPI_Request r;
    int i;
    ENDED(MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    ENDED(MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, pair, MPI_STATUS_IGNORE));
    ENDED(MPI_Probe(MPI_ANY_SOURCE, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    WELL(MPI_Irecv(buf, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &r));
    ENDED(MPI_Waitany(1, &r, &i, MPI_STATUS_IGNORE));
}
/* Somebody is: this process itself, or one that works for a while. */
static void Any_comes(void)
{
    MPI_Request r[2];
    MPI_Status s;
    int i, flag = 0;
    double until = MPI_Wtime() + 0.7;
    WELL(MPI_Irecv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 3, MPI_COMM_WORLD, &r[0]));
    WELL(MPI_Irecv(to, 1, MPI_INT, last, 3, MPI_COMM_WORLD, &r[1]));
    while (MPI_Wtime() < until) {
        WELL(MPI_Testany(2, r, &i, &flag, MPI_STATUS_IGNORE));
        IS(!flag);
        WELL(MPI_Iprobe(last, 4, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
        IS(!flag);
        WELL(MPI_Iprobe(MPI_ANY_SOURCE, 4, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
        IS(!flag);
    }
    WELL(MPI_Send(&rank, 1, MPI_INT, rank, 3, MPI_COMM_WORLD));
    WELL(MPI_Waitany(2, r, &i, MPI_STATUS_IGNORE));
    IS(i == 0 && buf[0] == rank);
    WELL(MPI_Cancel(&r[1]));
    WELL(MPI_Wait(&r[1], &s));
    MPI_Test_cancelled(&s, &flag);
    IS(flag);
    if (size == 2)
        return;
    if (rank == 1) {
        sleep(1);
        for (int k = 0; k < last; k++)
            if (k != 1)
                WELL(MPI_Send(&rank, 1, MPI_INT, k, 5, MPI_COMM_WORLD));
    } else {
        WELL(MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        IS(buf[0] == 1);
    }
}
static void barrier(void)
{
    ENDED(MPI_Barrier(MPI_COMM_WORLD));
    ENDED(MPI_Barrier(MPI_COMM_WORLD));
}
static void bcast(void)
{
    ENDED(MPI_Bcast(buf, 10, MPI_INT, last, MPI_COMM_WORLD));
}
static void allreduce(void)
{
    ENDED(MPI_Allreduce(buf, to, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
}
static void allreduce_long(void)
{
    ENDED(MPI_Allreduce(buf, to, BIG, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
}
static void alltoall(void)
{
    ENDED(MPI_Alltoall(buf, 100, MPI_INT, to, 100, MPI_INT, MPI_COMM_WORLD));
}
static void ibarrier(void)
{
    /* By messages, of which only rank 0 is to have one from the last rank. */
    MPI_Request r;
    WELL(MPI_Ibarrier(MPI_COMM_WORLD, &r));
    int rc = MPI_Wait(&r, MPI_STATUS_IGNORE);
    if (rank == 0 || rc != MPI_SUCCESS)
        ENDED(rc);
}
static void derive(void)
{
    /* Rank 0 makes it, and need not hear of the others. */
    MPI_Comm c;
    int rc = MPI_Comm_dup(MPI_COMM_WORLD, &c);
    if (rc != MPI_SUCCESS)
        ENDED(rc);
    ENDED(MPI_Barrier(MPI_COMM_WORLD));
}
/* What it sent before is received, long messages too, and what needs only others goes on. */
static void Earlier(void)
{
    MPI_Comm others;
    sleep(1);
    for (int i = 0; i < 50; i++) {
        WELL(MPI_Recv(buf, 2, MPI_INT, i % 2 ? last : MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        IS(buf[0] == i && buf[1] == last);
    }
    WELL(MPI_Recv(buf, BIG, MPI_INT, last, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    IS(buf[0] == 0 && buf[BIG - 1] == BIG - 1);
    WELL(MPI_Recv(buf, 1000, MPI_INT, last, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    IS(buf[999] == 999);
    MPI_Group g, rest;
    MPI_Comm_group(MPI_COMM_WORLD, &g);
    MPI_Group_excl(g, 1, &last, &rest);
    WELL(MPI_Comm_create_group(MPI_COMM_WORLD, rest, 9, &others));
    for (int i = 0; i < 10; i++)
        WELL(MPI_Allreduce(&rank, to, 1, MPI_INT, MPI_SUM, others));
    IS(to[0] == last * (last - 1) / 2);
    if (rank == 0)
        sleep(1);
    WELL(MPI_Barrier(others));
    MPI_Comm_free(&others);
    MPI_Group_free(&g);
    MPI_Group_free(&rest);
}
/* The last rank took part in these, and was the first to be through; it even leaves without freeing a communicator. */
static void Collectives(void)
{
    MPI_Comm c;
    MPI_Request r;
    int n = BIG / 64;
    WELL(MPI_Comm_dup(MPI_COMM_WORLD, &c));
    for (int i = 0; i < n; i++)
        buf[i] = rank + i;
    if (rank < last)
        sleep(1);
    WELL(MPI_Reduce(buf, to, n, MPI_INT, MPI_SUM, 0, c));
    IS(rank || to[1] == size * (size + 1) / 2);
    WELL(MPI_Gather(&rank, 1, MPI_INT, to, 1, MPI_INT, 0, MPI_COMM_WORLD));
    IS(rank || to[last] == last);
    WELL(MPI_Ireduce(buf, to, 5, MPI_INT, MPI_SUM, 0, c, &r));
    if (rank == 0)
        sleep(1);
    WELL(MPI_Wait(&r, MPI_STATUS_IGNORE));
    IS(rank || to[1] == size * (size + 1) / 2);
    if (rank == last)
        buf[0] = 77;
    WELL(MPI_Bcast(buf, n, MPI_INT, last, MPI_COMM_WORLD));
    IS(buf[0] == 77);
}
static void *from_last(void *out)
{
    *(int *)out = MPI_Recv(out, 1, MPI_INT, last, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return NULL;
}
static void *from_any(void *out)
{
    MPI_Recv(out, 1, MPI_INT, MPI_ANY_SOURCE, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return NULL;
}
/* A thread waits for the one that left; another one for any message, which comes from its own process. */
static void threads(void)
{
    pthread_t t[2];
    int rc = 0, got = -1, mine = rank + 100;
    pthread_create(&t[0], NULL, from_last, &rc);
    pthread_create(&t[1], NULL, from_any, &got);
    pthread_join(t[0], NULL);
    ENDED(rc);
    sleep(1);
    WELL(MPI_Send(&mine, 1, MPI_INT, rank, 8, MPI_COMM_WORLD));
    pthread_join(t[1], NULL);
    IS(got == mine);
}

/* A message that a rank announces before it leaves is fetched, if it is received at all: it waits for that. */
static void Freed(void)
{
    MPI_Request r;
    for (int i = 0; i < BIG; i++)
        buf[i] = rank;
    if (rank == last)
        return;
    sleep(1);
    WELL(MPI_Recv(to, BIG, MPI_INT, last, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    IS(to[0] == last && to[BIG - 1] == last);
    /* All leave with messages that nobody receives. */
    WELL(MPI_Isend(buf, BIG, MPI_INT, (rank + 1) % last, 2, MPI_COMM_WORLD, &r));
    MPI_Request_free(&r);
    WELL(MPI_Isend(buf, BIG, MPI_INT, rank, 2, MPI_COMM_WORLD, &r));
    MPI_Request_free(&r);
}

static const struct scenario scenarios[] = {
    S(recv_named), S(wait),      S(waitall), S(waitany),   S(persistent),  S(probe),   S(sendrecv),  S(ssend),
    S(send_long),  S(Send_many), S(any),     S(Any_comes), S(barrier),     S(bcast),   S(allreduce), S(allreduce_long),
    S(alltoall),   S(ibarrier),  S(derive),  S(Earlier),   S(Collectives), S(threads), S(Freed)};

/* The last rank's life; others go by it where it takes part. */
static void live(const char *name, double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    if (strcmp(name, "Earlier") == 0) {
        for (int i = 0; i < 50; i++)
            for (int r = 0; r < last; r++)
                MPI_Send((int[]){i, last}, 2, MPI_INT, r, 0, MPI_COMM_WORLD);
        for (int i = 0; i < BIG; i++)
            buf[i] = i;
        MPI_Buffer_attach(to, sizeof to);
        MPI_Request q;
        for (int r = 0; r < last; r++) {
            MPI_Isend(buf, BIG, MPI_INT, r, 1, MPI_COMM_WORLD, &q);
            MPI_Request_free(&q);
            MPI_Bsend(buf, 1000, MPI_INT, r, 2, MPI_COMM_WORLD);
        }
        return;
    }
    if (strcmp(name, "Freed") == 0) {
        for (int i = 0; i < BIG; i++)
            buf[i] = rank;
        for (int r = 0; r < last; r++) {
            MPI_Request q;
            MPI_Isend(buf, BIG, MPI_INT, r, 1, MPI_COMM_WORLD, &q);
            MPI_Request_free(&q);
        }
        return;
    }
    if (strcmp(name, "Collectives") == 0) {
        Collectives();
        return;
    }
    nanosleep(&t, NULL);
}

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    MPI_Comm_split(MPI_COMM_WORLD, rank == 0 || rank == last ? 0 : MPI_UNDEFINED, 0, &pair);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, strstr(argv[1], "fatal") ? MPI_ERRORS_ARE_FATAL : MPI_ERRORS_RETURN);
    if (pair != MPI_COMM_NULL)
        MPI_Comm_set_errhandler(pair, MPI_ERRORS_RETURN);
    MPI_Barrier(MPI_COMM_WORLD);
    if (strcmp(argv[1], "fatal_recv") == 0 && rank == 0)
        MPI_Recv(buf, 1, MPI_INT, last, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (strcmp(argv[1], "fatal_any") == 0 && rank == 0)
        MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (strcmp(argv[1], "fatal_waitall") == 0 && rank == 0) {
        MPI_Request r;
        MPI_Irecv(buf, 1, MPI_INT, last, 7, MPI_COMM_WORLD, &r);
        MPI_Waitall(1, &r, MPI_STATUSES_IGNORE);
    }
    if (strcmp(argv[1], "fatal_barrier") == 0 && rank < last)
        MPI_Barrier(MPI_COMM_WORLD);
    if (rank == last)
        live(argv[1], argc > 2 ? atof(argv[2]) : 0.2);
    else
        scenario_run(scenarios, sizeof scenarios / sizeof *scenarios, argv[1]);
    MPI_Finalize();
    puts("fine");
    return 0;
}
