/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Threads that each begin sessions of their own and make communicators with the same thread of all ranks, by a tag of
 * theirs, at once and in any order; beside MPI_COMM_WORLD in another thread. */
#include <pthread.h>
#include "../check.h"

enum { THREADS = 4, TIMES = 20 };

static void *work(void *arg)
{
    int me = (int)(MPI_Aint)arg, r, n, sum;
    char tag[40];
    for (int i = 0; i < TIMES; i++) {
        MPI_Session s;
        MPI_Group g, part;
        MPI_Comm c, d;
        OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s));
        OK(MPI_Group_from_session_pset(s, "mpi://WORLD", &g));
        snprintf(tag, sizeof tag, "thread %d", me);
        OK(MPI_Comm_create_from_group(g, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
        OK(MPI_Comm_rank(c, &r));
        OK(MPI_Comm_size(c, &n));
        int mine = r + me;
        OK(MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, c));
        CHECK(sum == n * (n - 1) / 2 + n * me);
        /* Backwards, so that another rank makes the context. */
        int range[1][3] = {{n - 1, 0, -1}};
        OK(MPI_Group_range_incl(g, 1, range, &part));
        OK(MPI_Comm_create_from_group(part, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &d));
        int back;
        OK(MPI_Comm_rank(d, &back));
        CHECK(back == n - 1 - r);
        OK(MPI_Bcast(&mine, 1, MPI_INT, 0, d));
        CHECK(mine == n - 1 + me);
        OK(MPI_Comm_free(&c));
        OK(MPI_Comm_free(&d));
        OK(MPI_Group_free(&g));
        OK(MPI_Group_free(&part));
        OK(MPI_Session_finalize(&s));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    for (MPI_Aint i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    int provided;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    for (int i = 0; i < TIMES; i++)
        OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Finalize());
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    return 0;
}
