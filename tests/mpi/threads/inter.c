/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Threads, each with an intercommunicator of its own: messages, collectives of both kinds, and new communicators, at
 * once. */
#include "../check.h"
#include <pthread.h>

enum { THREADS = 3, TIMES = 30 };
static int side, me, near, far;
struct part {
    MPI_Comm local, inter;
    int tag;
};

static void collectives(MPI_Comm c, int seed)
{
    int out = seed + me, told = seed + me, in = -1, sum = far * seed + far * (far - 1) / 2,
        *all = malloc((size_t)far * sizeof *all);
    MPI_Request r[2];
    OK(MPI_Allreduce(&out, &in, 1, MPI_INT, MPI_SUM, c));
    CHECK(in == sum);
    OK(MPI_Iallgather(&out, 1, MPI_INT, all, 1, MPI_INT, c, &r[0]));
    OK(MPI_Ibarrier(c, &r[1]));
    OK(MPI_Bcast(&told, 1, MPI_INT, side ? 0 : me ? MPI_PROC_NULL : MPI_ROOT, c));
    CHECK(told == (side ? seed : seed + me));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    for (int k = 0; k < far; k++)
        CHECK(all[k] == seed + k);
    free(all);
}

static void messages(MPI_Comm c, int seed)
{
    int in = -1, from = side ? 0 : far - 1, to = side ? 0 : far - 1;
    if (me != (side ? near - 1 : 0))
        return;
    OK(MPI_Sendrecv(&seed, 1, MPI_INT, to, 1, &in, 1, MPI_INT, from, 1, c, MPI_STATUS_IGNORE));
    CHECK(in == seed);
}

static void *work(void *arg)
{
    MPI_Comm c = ((struct part *)arg)->inter, d;
    for (int i = 0; i < TIMES; i++) {
        collectives(c, 100 * i);
        messages(c, i);
        if (i % 10 == 0) {
            OK(MPI_Comm_dup(c, &d));
            collectives(d, i);
            OK(MPI_Comm_free(&d));
            OK(MPI_Intercomm_merge(c, side, &d));
            int n;
            OK(MPI_Comm_size(d, &n));
            CHECK(n == near + far);
            OK(MPI_Comm_free(&d));
        }
    }
    return NULL;
}

/* Each makes its own, too; the tags tell them apart. */
static void *create(void *arg)
{
    struct part *p = arg;
    OK(MPI_Intercomm_create(p->local, 0, world, side ? 0 : size - far, p->tag, &p->inter));
    return NULL;
}

static void each(void *(*act)(void *), struct part *parts)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&t[i], NULL, act, &parts[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(t[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    struct part parts[THREADS];
    int level;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level));
    CHECK(level == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    world = MPI_COMM_WORLD;
    OK(MPI_Comm_size(world, &size));
    OK(MPI_Comm_rank(world, &rank));
    near = (size + 1) / 2;
    side = rank >= near;
    me = side ? rank - near : rank;
    far = side ? near : size - near;
    for (int i = 0; i < THREADS; i++) {
        parts[i].tag = i;
        OK(MPI_Comm_split(world, side, 0, &parts[i].local));
    }
    near = size - far;
    each(create, parts);
    each(work, parts);
    for (int i = 0; i < THREADS; i++) {
        OK(MPI_Comm_free(&parts[i].local));
        OK(MPI_Comm_free(&parts[i].inter));
    }
    return end();
}
