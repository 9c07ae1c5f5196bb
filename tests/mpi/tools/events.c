/* SPDX-License-Identifier: BSD-3-Clause
 *
 * events: what a callback is told, in what order, and when no more; what is dropped is counted. */
#include "tools.h"

static const MPI_T_cb_safety levels[] = {MPI_T_CB_REQUIRE_NONE, MPI_T_CB_REQUIRE_MPI_RESTRICTED,
                                         MPI_T_CB_REQUIRE_THREAD_SAFE, MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE};

struct seen {
    int count, tag, peer, freed;
    MPI_Count bytes, last, dropped;
    bool calls_mpi, frees;
};

static void on_free(MPI_T_event_registration g, MPI_T_cb_safety safety, void *data)
{
    struct seen *s = data;
    CHECK(g && safety == MPI_T_CB_REQUIRE_NONE);
    s->freed++;
}

static void on_drop(MPI_Count count, MPI_T_event_registration g, int source, MPI_T_cb_safety safety, void *data)
{
    struct seen *s = data;
    CHECK(count > 0 && g && source == 0 && safety == MPI_T_CB_REQUIRE_NONE);
    s->dropped += count;
}

/* As MPI_T_event_get_info says that MPI_T_event_copy writes it. */
static void copy_check(MPI_T_event_instance i, MPI_T_event_registration g)
{
    char whole[64];
    MPI_Datatype types[8];
    MPI_Aint at[8];
    int n = 8, size_of_one;
    OK(MPI_T_event_get_info(event_index("p2p_message_unexpected"), NULL, NULL, NULL, types, at, &n, NULL, NULL, NULL,
                            NULL, NULL));
    OK(MPI_T_event_copy(i, whole));
    for (int k = 0; k < n; k++) {
        char one[16];
        OK(MPI_Type_size(types[k], &size_of_one));
        OK(MPI_T_event_read(i, k, one));
        CHECK(memcmp(one, whole + at[k], (size_t)size_of_one) == 0);
    }
    TFAILS(MPI_T_ERR_INVALID_INDEX, MPI_T_event_read(i, n, whole));
    TFAILS(MPI_T_ERR_INVALID_INDEX, MPI_T_event_read(i, -1, whole));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_read(i, 0, NULL));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_copy(i, NULL));
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_event_copy((MPI_T_event_instance)g, whole));
}

static void on_event(MPI_T_event_instance i, MPI_T_event_registration g, MPI_T_cb_safety safety, void *data)
{
    struct seen *s = data;
    MPI_Count when, now;
    int source = -1;
    unsigned comm;
    CHECK(i && g && safety == MPI_T_CB_REQUIRE_NONE);
    s->count++;
    OK(MPI_T_event_read(i, 0, &s->peer));
    OK(MPI_T_event_read(i, 1, &s->tag));
    OK(MPI_T_event_read(i, 2, &comm));
    OK(MPI_T_event_read(i, 3, &s->bytes));
    OK(MPI_T_event_get_timestamp(i, &when));
    OK(MPI_T_event_get_source(i, &source));
    OK(MPI_T_source_get_timestamp(source, &now));
    CHECK(source == 0 && when >= s->last && when <= now);
    s->last = when;
    if (s->count == 1)
        copy_check(i, g);
    if (s->calls_mpi) { /* whatever there is: a collective among those who are told, and a message that none waits for
                         */
        int sum = 0, one = 1;
        OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_SELF));
        OK(MPI_Sendrecv(&one, 1, MPI_INT, 0, 5, &sum, 1, MPI_INT, 0, 5, MPI_COMM_SELF, MPI_STATUS_IGNORE));
        CHECK(sum == 1);
    }
    if (s->frees)
        OK(MPI_T_event_handle_free(g, s, on_free));
}

static MPI_T_event_registration open_at(const char *name, MPI_T_cb_safety level, struct seen *s)
{
    MPI_T_event_registration g;
    OK(MPI_T_event_handle_alloc(event_index(name), NULL, MPI_INFO_NULL, &g));
    OK(MPI_T_event_register_callback(g, level, MPI_INFO_NULL, s, on_event));
    OK(MPI_T_event_set_dropped_handler(g, on_drop));
    return g;
}

/* One message that its receiver does not wait for: each rank's to the next. Nobody's comes before all are ready for it.
 */
static void send_unexpected(int tag, int bytes)
{
    int to = (rank + 1) % size, from = (rank + size - 1) % size, last = 0;
    char *out = calloc(1, (size_t)bytes), *in = malloc((size_t)bytes);
    MPI_Request r[2];
    CHECK(in && out);
    OK(MPI_Barrier(world));
    OK(MPI_Isend(out, bytes, MPI_BYTE, to, tag, world, &r[0]));
    OK(MPI_Isend(&last, 1, MPI_INT, to, tag + 1, world, &r[1]));
    OK(MPI_Recv(&last, 1, MPI_INT, from, tag + 1, world, MPI_STATUS_IGNORE));
    OK(MPI_Recv(in, bytes, MPI_BYTE, from, tag, world, MPI_STATUS_IGNORE));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    free(in);
    free(out);
    OK(MPI_Barrier(world));
}

static void told(void)
{
    int from = (rank + size - 1) % size, to = (rank + 1) % size;
    for (int k = 0; k < 4; k++) {
        struct seen s = {0}, begun = {0};
        MPI_T_event_registration g = open_at("p2p_message_unexpected", levels[k], &s);
        MPI_T_event_registration h = open_at("p2p_rendezvous_begun", levels[k], &begun);
        s.calls_mpi = k == 0;
        send_unexpected(10, 200);
        CHECK(s.count >= 1 && begun.count == 0); /* the second message may have been waited for, or not */
        send_unexpected(20, 100000);
        CHECK(s.count >= 2 && begun.count == 1 && begun.peer == to && begun.tag == 20 && begun.bytes == 100000);
        CHECK(s.calls_mpi || !on_one_node() || s.peer == from); /* beyond a node a barrier is messages, too */
        OK(MPI_T_event_handle_free(g, &s, on_free));
        OK(MPI_T_event_handle_free(h, NULL, NULL));
        CHECK(s.freed == 1 && s.dropped == 0);
        int before = s.count;
        send_unexpected(10, 200);
        CHECK(s.count == before && begun.count == 1);
    }
}

/* The first of these: its tag, its sender and its length. */
static void values(void)
{
    struct seen s = {.frees = true};
    open_at("p2p_message_unexpected", MPI_T_CB_REQUIRE_NONE, &s);
    send_unexpected(30, 77);
    CHECK(s.count == 1 && s.freed == 1 && s.tag == 30 && s.bytes == 77 && s.peer == (rank + size - 1) % size);
}

static void unregistered(void)
{
    struct seen s = {0}, other = {0};
    MPI_T_event_registration g = open_at("p2p_message_unexpected", MPI_T_CB_REQUIRE_THREAD_SAFE, &s);
    send_unexpected(40, 8);
    int before = s.count;
    CHECK(before >= 1);
    OK(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_THREAD_SAFE, MPI_INFO_NULL, &s, NULL));
    send_unexpected(40, 8);
    CHECK(s.count == before);
    /* The lowest level that will do is taken. */
    OK(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_THREAD_SAFE, MPI_INFO_NULL, &s, on_event));
    OK(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_MPI_RESTRICTED, MPI_INFO_NULL, &other, on_event));
    send_unexpected(40, 8);
    CHECK(s.count == before && other.count >= 1);
    OK(MPI_T_event_handle_free(g, &s, on_free));
    CHECK(s.freed == 1);
}

/* More than can be kept between one progress and the next. */
static void dropped(void)
{
    enum { N = 3000 };
    static MPI_Request r[N];
    struct seen s = {0};
    int data = 1;
    MPI_T_event_registration g = open_at("p2p_rendezvous_begun", MPI_T_CB_REQUIRE_NONE, &s);
    for (int i = 0; i < N; i++)
        OK(MPI_Issend(&data, 1, MPI_INT, 0, i, MPI_COMM_SELF, &r[i]));
    for (int i = 0; i < N; i++)
        OK(MPI_Recv(&data, 1, MPI_INT, 0, i, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    OK(MPI_Waitall(N, r, MPI_STATUSES_IGNORE));
    CHECK(s.count + s.dropped == N && s.dropped > 0 && s.count > 100);
    OK(MPI_T_event_handle_free(g, NULL, NULL));
}

/* What has happened, but was not told so far, is told before the registration goes. */
static void pending(void)
{
    struct seen s = {0};
    int data = 1;
    MPI_Request r;
    MPI_T_event_registration g = open_at("p2p_rendezvous_begun", MPI_T_CB_REQUIRE_NONE, &s);
    OK(MPI_Issend(&data, 1, MPI_INT, 0, 3, MPI_COMM_SELF, &r));
    OK(MPI_T_event_handle_free(g, &s, on_free));
    CHECK(s.count == 1 && s.tag == 3 && s.bytes == sizeof data && s.freed == 1);
    OK(MPI_Recv(&data, 1, MPI_INT, 0, 3, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
}

static void hints(void)
{
    MPI_T_event_registration g;
    MPI_Info info;
    int n = -1;
    OK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, &g));
    OK(MPI_T_event_handle_set_info(g, MPI_INFO_NULL));
    OK(MPI_T_event_handle_get_info(g, &info));
    OK(MPI_Info_get_nkeys(info, &n));
    CHECK(n == 0);
    OK(MPI_Info_free(&info));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_callback_get_info(g, MPI_T_CB_REQUIRE_NONE, &info));
    OK(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, on_event));
    OK(MPI_T_event_callback_set_info(g, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL));
    OK(MPI_T_event_callback_get_info(g, MPI_T_CB_REQUIRE_NONE, &info));
    OK(MPI_Info_free(&info));
    OK(MPI_T_event_handle_free(g, NULL, NULL));
}

int main(int argc, char **argv)
{
    int provided;
    begin(&argc, &argv);
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    told();
    if (on_one_node())
        values();
    unregistered();
    dropped();
    pending();
    hints();
    struct seen left = {0};
    open_at("p2p_message_unexpected", MPI_T_CB_REQUIRE_NONE, &left);
    OK(MPI_T_finalize());
    send_unexpected(50, 8);
    CHECK(left.count == 0);
    return end();
}
