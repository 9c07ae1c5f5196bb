/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Threads that look for messages of one source and tag by MPI_Improbe, in a loop: each message is found by one of them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include "../check.h"

enum { THREADS = 4, EACH = 3000, ALL = THREADS * EACH, TAG = 7 };
static _Atomic int times[ALL], taken;

static void *send(void *arg)
{
    int first = (int)(intptr_t)arg * EACH;
    for (int i = first; i < first + EACH; i++)
        OK(MPI_Send(&i, 1, MPI_INT, (rank + 1) % size, TAG, MPI_COMM_WORLD));
    return NULL;
}

/* As many as are left: the threads take them from one another. */
static void *take(void *arg)
{
    (void)arg;
    while (atomic_fetch_add(&taken, 1) < ALL) {
        MPI_Message m;
        MPI_Status st;
        int found = 0, i = -1;
        while (!found)
            OK(MPI_Improbe((rank + size - 1) % size, TAG, MPI_COMM_WORLD, &found, &m, &st));
        OK(MPI_Mrecv(&i, 1, MPI_INT, &m, &st));
        CHECK(i >= 0 && i < ALL);
        times[i]++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[2 * THREADS];
    int provided;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&t[2 * i], NULL, send, (void *)(intptr_t)i);
        pthread_create(&t[2 * i + 1], NULL, take, NULL);
    }
    for (int i = 0; i < 2 * THREADS; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < ALL; i++)
        CHECK(times[i] == 1);
    return end();
}
