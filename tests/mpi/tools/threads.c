/* SPDX-License-Identifier: BSD-3-Clause
 *
 * threads: a tool in a thread of its own watches the main thread wait, and ends the wait when it has seen enough; tools
 * in several threads at once count the same; a callback waits for another thread that calls MPI. */
#include <pthread.h>
#include "tools.h"

static MPI_T_pvar_session session;
static MPI_T_pvar_handle polls, sleeps, time_all, time_asleep;

static double seconds(MPI_T_pvar_handle h)
{
    double v;
    OK(MPI_T_pvar_read(session, h, &v));
    return v;
}

/* The main thread cannot go on before this has seen it poll, sleep, and its time grow. */
static void *watcher(void *unused)
{
    int done = 1;
    while (pvar_value(session, polls) == 0 || pvar_value(session, sleeps) == 0 || seconds(time_all) <= 0)
        ;
    OK(MPI_Send(&done, 1, MPI_INT, 0, 1, MPI_COMM_SELF));
    return NULL;
}

static void watched(void)
{
    int done = 0;
    pthread_t t;
    OK(MPI_T_pvar_session_create(&session));
    polls = pvar_open(session, "wait_polls", NULL);
    sleeps = pvar_open(session, "wait_sleeps", NULL);
    time_all = pvar_open(session, "wait_time", NULL);
    time_asleep = pvar_open(session, "wait_sleep_time", NULL);
    OK(MPI_T_pvar_start(session, MPI_T_PVAR_ALL_HANDLES));
    CHECK(pthread_create(&t, NULL, watcher, NULL) == 0);
    OK(MPI_Recv(&done, 1, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    pthread_join(t, NULL);
    CHECK(done == 1 && seconds(time_asleep) > 0 && seconds(time_all) >= seconds(time_asleep));
    OK(MPI_T_pvar_session_free(&session));
}

enum { THREADS = 3, ROUNDS = 50 };

/* Opens and closes everything while others do. */
static void *tool(void *arg)
{
    int provided, data = 0, me = *(int *)arg;
    for (int i = 0; i < ROUNDS; i++) {
        MPI_T_pvar_session s;
        OK(MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided));
        CHECK(provided == MPI_THREAD_MULTIPLE);
        OK(MPI_T_pvar_session_create(&s));
        MPI_T_pvar_handle sent = pvar_open(s, "p2p_eager_sent", NULL);
        MPI_T_cvar_handle spins = cvar_open("MUSTER_WAIT_SPINS");
        OK(MPI_T_pvar_start(s, sent));
        cvar_set(spins, (unsigned long)(1 + i));
        OK(MPI_Sendrecv(&me, 1, MPI_INT, 0, 10 + me, &data, 1, MPI_INT, 0, 10 + me, MPI_COMM_SELF, MPI_STATUS_IGNORE));
        CHECK(pvar_value(s, sent) >= 1 && data == me);
        OK(MPI_T_cvar_handle_free(&spins));
        OK(MPI_T_pvar_session_free(&s));
        OK(MPI_T_finalize());
    }
    return NULL;
}

static void together(void)
{
    pthread_t t[THREADS];
    int number[THREADS];
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        CHECK(pthread_create(&t[i], NULL, tool, &number[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static int told;

static void *answer(void *unused)
{
    int data;
    OK(MPI_Recv(&data, 1, MPI_INT, 0, 31, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    OK(MPI_Send(&data, 1, MPI_INT, 0, 32, MPI_COMM_SELF));
    return NULL;
}

static void on_event(MPI_T_event_instance i, MPI_T_event_registration g, MPI_T_cb_safety safety, void *data)
{
    pthread_t t;
    int tag, back = 0;
    OK(MPI_T_event_read(i, 1, &tag));
    if (tag != 30)
        return;
    CHECK(pthread_create(&t, NULL, answer, NULL) == 0);
    OK(MPI_Send(&tag, 1, MPI_INT, 0, 31, MPI_COMM_SELF));
    OK(MPI_Recv(&back, 1, MPI_INT, 0, 32, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    pthread_join(t, NULL);
    CHECK(back == 30);
    told++;
}

static void callback(void)
{
    int index, data = 5, flag = 0;
    MPI_T_event_registration g;
    OK(MPI_T_event_get_index("p2p_message_unexpected", &index));
    OK(MPI_T_event_handle_alloc(index, NULL, MPI_INFO_NULL, &g));
    OK(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_THREAD_SAFE, MPI_INFO_NULL, NULL, on_event));
    OK(MPI_Send(&data, 1, MPI_INT, 0, 30, MPI_COMM_SELF));
    while (!flag || !told)
        OK(MPI_Iprobe(0, 30, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE));
    OK(MPI_Recv(&data, 1, MPI_INT, 0, 30, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    OK(MPI_T_event_handle_free(g, NULL, NULL));
    CHECK(told == 1);
}

int main(int argc, char **argv)
{
    int provided;
    OK(MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    watched();
    together();
    callback();
    OK(MPI_T_finalize());
    return end();
}
