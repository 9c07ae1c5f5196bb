/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MPI_THREAD_MULTIPLE: threads that send, receive and probe at the same time, each with a partner thread in the next
 * rank, and collectives on communicators of their own. */
#include <pthread.h>
#include "../check.h"

enum { THREADS = 4, ROUNDS = 200 };
static MPI_Comm comms[THREADS];

static void *work(void *arg)
{
    int me = (int)(intptr_t)arg, right = (rank + 1) % size, left = (rank + size - 1) % size;
    static const int sizes[] = {1, 100, 3000, 40000};
    int *out = malloc(40000 * sizeof *out), *in = malloc(40000 * sizeof *in);
    for (int i = 0; i < ROUNDS; i++) {
        int n = sizes[(i + me) % 4], sum = 0, one = me + 1;
        MPI_Request r;
        MPI_Status st;
        for (int k = 0; k < n; k++)
            out[k] = rank + i + k;
        OK(MPI_Isend(out, n, MPI_INT, right, me, MPI_COMM_WORLD, &r));
        if (i % 2)
            OK(MPI_Probe(left, me, MPI_COMM_WORLD, &st));
        OK(MPI_Recv(in, n, MPI_INT, left, me, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        CHECK(in[0] == left + i && in[n - 1] == left + i + n - 1);
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
        if (i % 10 == 0) {
            OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comms[me]));
            CHECK(sum == size * (me + 1));
        }
    }
    free(out);
    free(in);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[THREADS];
    int provided;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    for (int i = 0; i < THREADS; i++)
        OK(MPI_Comm_dup(MPI_COMM_WORLD, &comms[i]));
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, work, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < THREADS; i++)
        OK(MPI_Comm_free(&comms[i]));
    return end();
}
