/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A user's function may wait for another thread that calls MPI (a thread that holds a mutex, or Python's, which the
 * function wants): it is not called under a lock of the library. And generalized requests that another thread ends. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>
#include "../check.h"

static sem_t asked, answered;
static int calls;
static atomic_bool over;

/* Another thread calls MPI before this returns. */
static void meet(void)
{
    calls++;
    sem_post(&asked);
    sem_wait(&answered);
}

static void *answer(void *unused)
{
    for (;;) {
        int flag, n = 0, x = 1, y = 0;
        MPI_Status st;
        sem_wait(&asked);
        OK(MPI_Comm_size(MPI_COMM_WORLD, &n));
        OK(MPI_Sendrecv(&x, 1, MPI_INT, 0, 1, &y, 1, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
        OK(MPI_Iprobe(MPI_ANY_SOURCE, 4711, MPI_COMM_WORLD, &flag, &st));
        CHECK(n == size && y == 1 && !flag);
        if (atomic_load(&over))
            return NULL;
        sem_post(&answered);
    }
}

static int copied(MPI_Comm c, int key, void *extra, void *in, void *out, int *flag)
{
    meet();
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}

static int deleted(MPI_Comm c, int key, void *value, void *extra)
{
    meet();
    return MPI_SUCCESS;
}

static int type_deleted(MPI_Datatype t, int key, void *value, void *extra)
{
    meet();
    return MPI_SUCCESS;
}

static void attributes(void)
{
    int key, tkey, x = 0;
    MPI_Comm dup, again;
    MPI_Datatype t;
    calls = 0;
    OK(MPI_Comm_create_keyval(copied, deleted, &key, NULL));
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &dup));
    OK(MPI_Comm_set_attr(dup, key, &x));
    OK(MPI_Comm_set_attr(dup, key, &calls)); /* deletes the first */
    OK(MPI_Comm_dup(dup, &again));
    OK(MPI_Comm_delete_attr(again, key));
    OK(MPI_Comm_free(&again));
    OK(MPI_Comm_free(&dup));
    OK(MPI_Comm_free_keyval(&key));
    CHECK(calls == 4);
    OK(MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, type_deleted, &tkey, NULL));
    OK(MPI_Type_dup(MPI_INT, &t));
    OK(MPI_Type_set_attr(t, tkey, &x));
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free_keyval(&tkey));
    CHECK(calls == 5);
}

static void handler(MPI_Comm *c, int *code, ...)
{
    meet();
}

static void errors(void)
{
    MPI_Errhandler h;
    MPI_Comm dup;
    int x;
    calls = 0;
    OK(MPI_Comm_create_errhandler(handler, &h));
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &dup));
    OK(MPI_Comm_set_errhandler(dup, h));
    OK(MPI_Errhandler_free(&h));
    FAILS(MPI_ERR_RANK, MPI_Send(&x, 1, MPI_INT, size, 0, dup));
    OK(MPI_Comm_call_errhandler(dup, MPI_ERR_OTHER));
    OK(MPI_Comm_free(&dup));
    CHECK(calls == 2);
}

static void sum(void *in, void *inout, int *n, MPI_Datatype *t)
{
    meet();
    for (int i = 0; i < *n; i++)
        ((int *)inout)[i] += ((int *)in)[i];
}

static void operations(void)
{
    enum { N = 5000 };
    static int in[N], out[N];
    MPI_Op op;
    MPI_Request r;
    OK(MPI_Op_create(sum, 1, &op));
    for (int i = 0; i < N; i++)
        in[i] = rank + i;
    for (int n = 1; n <= N; n += N - 1) {
        OK(MPI_Allreduce(in, out, n, MPI_INT, op, MPI_COMM_WORLD));
        CHECK(out[n - 1] == size * (size - 1) / 2 + size * (n - 1));
        OK(MPI_Scan(in, out, n, MPI_INT, op, MPI_COMM_WORLD));
        CHECK(out[n - 1] == rank * (rank + 1) / 2 + (rank + 1) * (n - 1));
        OK(MPI_Iallreduce(in, out, n, MPI_INT, op, MPI_COMM_WORLD, &r));
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
        CHECK(out[n - 1] == size * (size - 1) / 2 + size * (n - 1));
    }
    OK(MPI_Reduce_local(in, out, 1, MPI_INT, op));
    OK(MPI_Op_free(&op));
}

static int query(void *extra, MPI_Status *st)
{
    meet();
    st->MPI_SOURCE = rank;
    st->MPI_TAG = 12;
    return MPI_SUCCESS;
}

static int freed(void *extra)
{
    meet();
    return MPI_SUCCESS;
}

static int cancelled(void *extra, int complete)
{
    meet();
    return MPI_SUCCESS;
}

static void *complete_later(void *request)
{
    usleep(30000);
    OK(MPI_Grequest_complete(*(MPI_Request *)request));
    return NULL;
}

/* It sleeps, and nothing but the other thread can wake it: soon, not when it looks again. */
static void generalized(void)
{
    calls = 0;
    for (int i = 0; i < 4; i++) {
        MPI_Request r[2], mine = MPI_REQUEST_NULL;
        MPI_Status st;
        pthread_t t;
        int indx;
        OK(MPI_Grequest_start(query, freed, cancelled, NULL, &r[0]));
        r[1] = MPI_REQUEST_NULL;
        mine = r[0];
        CHECK(pthread_create(&t, NULL, complete_later, &mine) == 0);
        if (i % 2)
            OK(MPI_Wait(&r[0], &st));
        else
            OK(MPI_Waitany(2, r, &indx, &st));
        CHECK(st.MPI_TAG == 12 && st.MPI_SOURCE == rank);
        pthread_join(t, NULL);
    }
    CHECK(calls == 8);
    MPI_Request r;
    OK(MPI_Grequest_start(query, freed, cancelled, NULL, &r));
    OK(MPI_Cancel(&r));
    OK(MPI_Grequest_complete(r));
    OK(MPI_Request_free(&r));
    CHECK(calls == 10);
}

int main(int argc, char **argv)
{
    int provided;
    pthread_t t;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    sem_init(&asked, 0, 0);
    sem_init(&answered, 0, 0);
    CHECK(pthread_create(&t, NULL, answer, NULL) == 0);
    attributes();
    errors();
    operations();
    generalized();
    atomic_store(&over, true);
    sem_post(&asked);
    pthread_join(t, NULL);
    return end();
}
