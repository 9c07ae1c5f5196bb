/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Atomic mode: ranks, and threads of a rank, write the same places, some of them with holes between, while others read
 * them: nobody sees a mixture. */
#include <pthread.h>
#include "place.h"

enum { N = 1500, ROUNDS = 20 };

static MPI_File f;

static void fill(int *x, int with)
{
    for (int i = 0; i < N; i++)
        x[i] = with;
}

static void uniform(const int *x)
{
    for (int i = 1; i < N; i++)
        CHECK(x[i] == x[0]);
}

/* Even ranks write what is theirs, odd ones read. */
static void work(int who)
{
    static _Thread_local int x[N];
    MPI_Status s;
    int n;
    for (int i = 0; i < ROUNDS; i++) {
        if (who % 2 == 0) {
            fill(x, who * ROUNDS + i);
            OK(MPI_File_write_at(f, 0, x, N, MPI_INT, &s));
        } else {
            OK(MPI_File_read_at(f, 0, x, N, MPI_INT, &s));
            uniform(x);
        }
        OK(MPI_Get_count(&s, MPI_INT, &n));
        CHECK(n == N);
    }
}

static void *thread(void *who)
{
    work(*(int *)who);
    return NULL;
}

static void all_places(MPI_Datatype filetype, bool threads)
{
    int x[N] = {0}, flag = 7, others = 2 * rank + 1;
    pthread_t t;
    OK(MPI_File_set_view(f, 4, MPI_INT, filetype, "native", MPI_INFO_NULL));
    OK(MPI_File_set_atomicity(f, 1));
    OK(MPI_File_get_atomicity(f, &flag));
    CHECK(flag == 1);
    if (rank == 0)
        OK(MPI_File_write_at(f, 0, x, N, MPI_INT, MPI_STATUS_IGNORE));
    OK(MPI_Barrier(world));
    if (threads)
        CHECK(pthread_create(&t, NULL, thread, &others) == 0);
    work(threads ? 2 * rank : rank);
    if (threads)
        CHECK(pthread_join(t, NULL) == 0);
    OK(MPI_Barrier(world));
    OK(MPI_File_set_atomicity(f, 0));
    OK(MPI_File_get_atomicity(f, &flag));
    CHECK(flag == 0);
}

int main(int argc, char **argv)
{
    int level;
    MPI_Datatype holes;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level));
    world = MPI_COMM_WORLD;
    OK(MPI_Comm_rank(world, &rank));
    OK(MPI_Comm_size(world, &size));
    place_begin();
    OK(MPI_File_open(world, file_in("atomic"), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE,
                     MPI_INFO_NULL, &f));
    OK(MPI_Type_create_resized(MPI_INT, 0, 12, &holes));
    OK(MPI_Type_commit(&holes));
    for (int i = 0; i < 4; i++)
        all_places(i / 2 ? holes : MPI_INT, i % 2 && level == MPI_THREAD_MULTIPLE);
    if (size > 1)
        FAILS(MPI_ERR_NOT_SAME, MPI_File_set_atomicity(f, rank == 0));
    OK(MPI_Type_free(&holes));
    OK(MPI_File_close(&f));
    place_end();
    return end();
}
