/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MPI_Init_thread gives the level that was asked for, other threads may ask for it, and what may be called at any time
 * may be called by any thread: before MPI_Init, meanwhile, and after MPI_Finalize. */
#include <pthread.h>
#include <stdatomic.h>
#include "../check.h"

static atomic_bool stop;

static void *ask(void *any)
{
    int flag;
    OK(MPI_Is_thread_main(&flag));
    CHECK(!flag);
    OK(MPI_Query_thread((int *)any));
    return NULL;
}

static void *always(void *count)
{
    while (!atomic_load(&stop) || *(int *)count < 10) {
        MPI_Info a, b;
        char text[MPI_MAX_ERROR_STRING];
        int flag, n, cls;
        OK(MPI_Initialized(&flag));
        OK(MPI_Finalized(&flag));
        OK(MPI_Get_version(&n, &n));
        OK(MPI_Info_create(&a));
        OK(MPI_Info_set(a, "key", "value"));
        OK(MPI_Info_dup(a, &b));
        OK(MPI_Info_get_nkeys(b, &n));
        CHECK(n == 1);
        OK(MPI_Info_free(&a));
        OK(MPI_Info_free(&b));
        OK(MPI_Error_class(MPI_ERR_TAG, &cls));
        OK(MPI_Error_string(cls, text, &n));
        ++*(int *)count;
    }
    return NULL;
}

static void *one_message(void *unused)
{
    int x = rank, y = -1;
    OK(MPI_Sendrecv(&x, 1, MPI_INT, (rank + 1) % size, 0, &y, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD,
                    MPI_STATUS_IGNORE));
    CHECK(y == (rank + size - 1) % size);
    return NULL;
}

static void in_thread(void *(*body)(void *), void *arg)
{
    pthread_t t;
    CHECK(pthread_create(&t, NULL, body, arg) == 0);
    pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {{"single", MPI_THREAD_SINGLE},
                  {"funneled", MPI_THREAD_FUNNELED},
                  {"serialized", MPI_THREAD_SERIALIZED},
                  {"multiple", MPI_THREAD_MULTIPLE}};
    int i = 0, provided = -1, other = -1, flag, count[2] = {0, 0};
    pthread_t t[2];
    while (strcmp(levels[i].name, argc > 1 ? argv[1] : "multiple") != 0)
        i++;
    int level = levels[i].level;
    bool threads = level > MPI_THREAD_SINGLE;
    for (int k = 0; threads && k < 2; k++)
        CHECK(pthread_create(&t[k], NULL, always, &count[k]) == 0);
    OK(MPI_Init_thread(&argc, &argv, level, &provided));
    CHECK(provided == level);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Query_thread(&provided));
    CHECK(provided == level);
    OK(MPI_Is_thread_main(&flag));
    CHECK(flag);
    if (threads)
        in_thread(ask, &other);
    CHECK(!threads || other == level);
    if (level >= MPI_THREAD_SERIALIZED)
        in_thread(one_message, NULL);
    one_message(NULL);
    OK(MPI_Finalize());
    atomic_store(&stop, true);
    for (int k = 0; threads && k < 2; k++)
        pthread_join(t[k], NULL);
    return 0;
}
