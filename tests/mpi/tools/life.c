/* SPDX-License-Identifier: BSD-3-Clause
 *
 * life: what a tool starts before MPI_Init counts from the first message to the last, and is read after MPI_Finalize; a
 * callback registered before is called; a tool without MPI does nobody harm. */
#include "tools.h"

static int told;

static void on_event(MPI_T_event_instance i, MPI_T_event_registration g, MPI_T_cb_safety safety, void *data)
{
    told++;
}

int main(int argc, char **argv)
{
    enum { N = 10, BYTES = 512, LONG = 100000 };
    static char out[LONG], in[LONG];
    int provided;
    MPI_T_pvar_session s;
    MPI_T_event_registration g;
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    OK(MPI_T_pvar_session_create(&s));
    MPI_T_pvar_handle sent = pvar_open(s, "p2p_eager_sent", NULL), bytes = pvar_open(s, "p2p_eager_bytes_sent", NULL);
    MPI_T_pvar_handle announced = pvar_open(s, "p2p_rendezvous_sent", NULL);
    MPI_T_pvar_handle came = pvar_open(s, "p2p_received", NULL), length = pvar_open(s, "p2p_posted_queue_length", NULL);
    OK(MPI_T_pvar_start(s, MPI_T_PVAR_ALL_HANDLES));
    CHECK(pvar_value(s, sent) == 0 && pvar_value(s, length) == 0);
    OK(MPI_T_event_handle_alloc(event_index("p2p_rendezvous_begun"), NULL, MPI_INFO_NULL, &g));
    OK(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, on_event));

    OK(MPI_Init(&argc, &argv));
    world = MPI_COMM_WORLD;
    OK(MPI_Comm_rank(world, &rank));
    OK(MPI_Comm_size(world, &size));
    int to = (rank + 1) % size, from = (rank + size - 1) % size;
    unsigned long long sent_before = pvar_value(s, sent), bytes_before = pvar_value(s, bytes);
    for (int i = 0; i < N; i++)
        OK(MPI_Sendrecv(out, BYTES, MPI_BYTE, to, i, in, BYTES, MPI_BYTE, from, i, world, MPI_STATUS_IGNORE));
    OK(MPI_Sendrecv(out, LONG, MPI_BYTE, to, N, in, LONG, MPI_BYTE, from, N, world, MPI_STATUS_IGNORE));
    CHECK(pvar_value(s, sent) - sent_before == N && pvar_value(s, bytes) - bytes_before == N * BYTES);
    CHECK(pvar_value(s, announced) == 1 && told == 1);
    OK(MPI_Finalize());

    CHECK(pvar_value(s, sent) - sent_before >= N && pvar_value(s, came) >= N + 1 && pvar_value(s, announced) == 1);
    OK(MPI_T_pvar_stop(s, MPI_T_PVAR_ALL_HANDLES));
    OK(MPI_T_pvar_reset(s, MPI_T_PVAR_ALL_HANDLES));
    CHECK(pvar_value(s, sent) == 0);
    OK(MPI_T_event_handle_free(g, NULL, NULL));
    OK(MPI_T_finalize()); /* with the session still there */
    return 0;
}
