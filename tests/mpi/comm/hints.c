/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Duplicates with and without hints, splits by resource, disconnecting, communicators of many generations. */
#include "../check.h"

#define W world

static int sum_over(MPI_Comm c)
{
    int one = 1, sum = 0;
    OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, c));
    return sum;
}

static bool hint_is(MPI_Comm c, const char *key, const char *want)
{
    MPI_Info got;
    char value[64] = "";
    int flag;
    OK(MPI_Comm_get_info(c, &got));
    CHECK(got != MPI_INFO_NULL);
    OK(MPI_Info_get(got, key, 63, value, &flag));
    OK(MPI_Info_free(&got));
    return flag ? want && strcmp(value, want) == 0 : !want;
}

static void hints(void)
{
    static const char any_tag[] = "mpi_assert_no_any_tag", exact[] = "mpi_assert_exact_length";
    MPI_Info i;
    MPI_Comm c, d[4];
    MPI_Request r[2];
    OK(MPI_Info_create(&i));
    OK(MPI_Info_set(i, any_tag, "true"));
    OK(MPI_Comm_dup_with_info(W, i, &c));
    CHECK(hint_is(c, any_tag, "true") && hint_is(c, exact, NULL));
    OK(MPI_Comm_dup(c, &d[0])); /* hints do not go along */
    OK(MPI_Comm_idup(c, &d[1], &r[0]));
    OK(MPI_Info_set(i, any_tag, "false"));
    OK(MPI_Info_set(i, exact, "true"));
    OK(MPI_Comm_idup_with_info(c, i, &d[2], &r[1]));
    OK(MPI_Info_delete(i, any_tag));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    OK(MPI_Comm_dup_with_info(c, MPI_INFO_NULL, &d[3]));
    CHECK(hint_is(d[0], any_tag, NULL) && hint_is(d[1], any_tag, NULL) && hint_is(d[3], any_tag, NULL));
    CHECK(hint_is(d[2], any_tag, "false") && hint_is(d[2], exact, "true"));
    OK(MPI_Comm_set_info(c, i)); /* what it does not name stays */
    CHECK(hint_is(c, any_tag, "true") && hint_is(c, exact, "true"));
    OK(MPI_Comm_set_info(c, MPI_INFO_NULL));
    CHECK(hint_is(c, any_tag, "true"));
    for (int k = 0; k < 4; k++) {
        CHECK(sum_over(d[k]) == size);
        OK(MPI_Comm_free(&d[k]));
    }
    OK(MPI_Comm_free(&c));
    OK(MPI_Info_free(&i));
}

/* A split whose pieces are nodes, or smaller. */
static void by_type(int type, const char *key, const char *value, int want)
{
    MPI_Info i = MPI_INFO_NULL;
    MPI_Comm c;
    int n;
    if (key) {
        OK(MPI_Info_create(&i));
        OK(MPI_Info_set(i, key, value));
    }
    OK(MPI_Comm_split_type(W, type, -rank, i, &c));
    if (c != MPI_COMM_NULL) {
        OK(MPI_Comm_size(c, &n));
        CHECK(want < 0 || n == want);
        CHECK(n <= size && sum_over(c) == n);
        OK(MPI_Comm_free(&c));
    } else {
        CHECK(want <= 0);
    }
    if (key)
        OK(MPI_Info_free(&i));
}

static void splits(void)
{
    MPI_Comm c;
    int me;
    OK(MPI_Comm_split_type(W, MPI_COMM_TYPE_SHARED, -rank, MPI_INFO_NULL, &c));
    OK(MPI_Comm_rank(c, &me));
    CHECK(me == node_ranks() - 1 - rank % node_ranks());
    OK(MPI_Comm_free(&c));
    by_type(MPI_COMM_TYPE_SHARED, NULL, NULL, node_ranks());
    by_type(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "mpi_shared_memory", node_ranks());
    by_type(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "no such thing", 0);
    by_type(MPI_COMM_TYPE_HW_UNGUIDED, NULL, NULL, -1);
    by_type(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_hw_resource_type", "mpi_shared_memory", node_ranks());
    if (world == MPI_COMM_WORLD)
        by_type(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://WORLD", size);
    by_type(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://SELF", 1);
    by_type(MPI_UNDEFINED, NULL, NULL, 0);
    FAILS(MPI_ERR_ARG, MPI_Comm_split_type(W, 12345, 0, MPI_INFO_NULL, &c));
    FAILS(MPI_ERR_ARG, MPI_Comm_split(W, -3, 0, &c));
}

/* What is pending ends before a communicator is disconnected; what is persistent and idle does not keep it. */
static void disconnect(void)
{
    static char out[100000], in[100000];
    MPI_Comm c;
    MPI_Request r[5];
    int to = (rank + 1) % size, from = (rank + size - 1) % size;
    OK(MPI_Comm_dup(W, &c));
    memset(out, rank + 1, sizeof out);
    OK(MPI_Send_init(out, 1, MPI_CHAR, to, 1, c, &r[2]));
    OK(MPI_Recv_init(in, 1, MPI_CHAR, from, 1, c, &r[3]));
    OK(MPI_Barrier_init(c, MPI_INFO_NULL, &r[4]));
    OK(MPI_Irecv(in, sizeof in, MPI_CHAR, from, 2, c, &r[0]));
    OK(MPI_Isend(out, sizeof out, MPI_CHAR, to, 2, c, &r[1]));
    OK(MPI_Comm_disconnect(&c));
    CHECK(c == MPI_COMM_NULL && in[99999] == from + 1);
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    for (int i = 2; i < 5; i++)
        OK(MPI_Request_free(&r[i]));
    FAILS(MPI_ERR_COMM, MPI_Comm_disconnect(&(MPI_Comm){MPI_COMM_WORLD}));
}

/* A communicator that was freed carries its pending messages to their end, apart from all others. */
static void freed_with_messages(void)
{
    enum { N = 20 };
    MPI_Comm c;
    MPI_Request r[2 * N];
    int in[N], out[N], to = (rank + 1) % size, from = (rank + size - 1) % size;
    for (int i = 0; i < N; i++) {
        OK(MPI_Comm_dup(W, &c));
        out[i] = 1000 * rank + i;
        OK(MPI_Irecv(&in[i], 1, MPI_INT, i % 2 ? from : MPI_ANY_SOURCE, 0, c, &r[i]));
        OK(MPI_Isend(&out[i], 1, MPI_INT, to, 0, c, &r[N + i]));
        OK(MPI_Comm_free(&c));
    }
    OK(MPI_Waitall(2 * N, r, MPI_STATUSES_IGNORE));
    for (int i = 0; i < N; i++)
        CHECK(in[i] == 1000 * from + i);
}

static void generations(void)
{
    MPI_Comm c = W, d;
    int result, flag;
    OK(MPI_Comm_test_inter(W, &flag));
    CHECK(!flag);
    FAILS(MPI_ERR_COMM, MPI_Comm_remote_size(W, &flag));
    MPI_Group g;
    FAILS(MPI_ERR_COMM, MPI_Comm_remote_group(W, &g));
    OK(MPI_Comm_get_parent(&d));
    CHECK(d == MPI_COMM_NULL);
    for (int i = 0; i < 300; i++) {
        OK(i % 3 ? MPI_Comm_dup(c, &d) : MPI_Comm_split(c, 0, i % 2 ? rank : -rank, &d));
        OK(MPI_Comm_compare(W, d, &result));
        CHECK(result == MPI_CONGRUENT || result == MPI_SIMILAR);
        if (i % 50 == 0)
            CHECK(sum_over(d) == size);
        if (c != W)
            OK(MPI_Comm_free(&c));
        c = d;
    }
    OK(MPI_Comm_compare(c, c, &result));
    CHECK(result == MPI_IDENT);
    OK(MPI_Comm_free(&c));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    hints();
    splits();
    disconnect();
    freed_with_messages();
    generations();
    return end();
}
