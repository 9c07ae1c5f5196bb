/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Threads that each make their partitions ready, and others that wait for theirs to arrive, all at once. */
#include <pthread.h>
#include "../check.h"

enum { THREADS = 4, EACH = 16, PARTITIONS = THREADS * EACH, LENGTH = 300, STARTS = 10, READERS = 3 };
static int sent[PARTITIONS][LENGTH], got[PARTITIONS * LENGTH];
static MPI_Request to, from;
static int before, start;

static void *write_them(void *arg)
{
    int me = (int)(MPI_Aint)arg;
    for (int i = me; i < PARTITIONS; i += THREADS) {
        for (int k = 0; k < LENGTH; k++)
            sent[i][k] = rank * 1000000 + start * 100000 + i * LENGTH + k;
        OK(MPI_Pready(i, to));
    }
    return NULL;
}

static void *read_them(void *arg)
{
    int me = (int)(MPI_Aint)arg, share = PARTITIONS * LENGTH / READERS, flag = 0;
    while (!flag)
        OK(MPI_Parrived(from, me, &flag));
    for (int i = me * share; i < (me + 1) * share; i++)
        CHECK(got[i] == before * 1000000 + start * 100000 + i);
    return NULL;
}

int main(int argc, char **argv)
{
    int provided;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    before = (rank + size - 1) % size;
    OK(MPI_Psend_init(sent, PARTITIONS, LENGTH, MPI_INT, (rank + 1) % size, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &to));
    OK(MPI_Precv_init(got, READERS, PARTITIONS * LENGTH / READERS, MPI_INT, before, 1, MPI_COMM_WORLD, MPI_INFO_NULL,
                      &from));
    for (start = 0; start < STARTS; start++) {
        pthread_t threads[THREADS + READERS];
        OK(MPI_Start(&to));
        OK(MPI_Start(&from));
        for (int i = 0; i < THREADS + READERS; i++)
            CHECK(pthread_create(&threads[i], NULL, i < THREADS ? write_them : read_them,
                                 (void *)(MPI_Aint)(i < THREADS ? i : i - THREADS)) == 0);
        OK(MPI_Wait(&to, MPI_STATUS_IGNORE));
        OK(MPI_Wait(&from, MPI_STATUS_IGNORE));
        for (int i = 0; i < THREADS + READERS; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
    OK(MPI_Request_free(&to));
    OK(MPI_Request_free(&from));
    OK(MPI_Finalize());
    return 0;
}
