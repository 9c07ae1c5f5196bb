/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Wait and test for one, any, some and all; asking for a status without completing; errors among many; requests that
 * are freed, inactive, null or generalized. Messages of every rank to itself and around the ring. */
#include "../check.h"

#define W world
enum { N = 6, LONG = 100000 };
static int to, from;
static int in[N][LONG], out[LONG];

/* N receives, and the sends that end them; lengths alternate between one and LONG. */
static int length(int i)
{
    return i % 2 ? LONG : 1;
}

static void post(MPI_Request *r)
{
    for (int i = 0; i < N; i++)
        OK(MPI_Irecv(in[i], length(i), MPI_INT, from, i, W, &r[i]));
}

static void feed(int i, MPI_Request *s)
{
    OK(MPI_Isend(out, length(i), MPI_INT, to, i, W, s));
}

static bool status_is(const MPI_Status *st, int i)
{
    int n;
    OK(MPI_Get_count(st, MPI_INT, &n));
    return st->MPI_SOURCE == from && st->MPI_TAG == i && n == length(i);
}

static bool empty(const MPI_Status *st)
{
    int n, flag;
    OK(MPI_Get_count(st, MPI_INT, &n));
    OK(MPI_Test_cancelled(st, &flag));
    return st->MPI_SOURCE == MPI_ANY_SOURCE && st->MPI_TAG == MPI_ANY_TAG && n == 0 && !flag;
}

static void one(void)
{
    MPI_Request r[N], s;
    MPI_Status st;
    int flag;
    post(r);
    OK(MPI_Test(&r[3], &flag, &st));
    CHECK(!flag && r[3] != MPI_REQUEST_NULL);
    OK(MPI_Request_get_status(r[3], &flag, &st));
    CHECK(!flag);
    OK(MPI_Barrier(W)); /* so that it was not there */
    for (int i = N - 1; i >= 0; i--) {
        feed(i, &s);
        for (flag = 0; !flag;)
            OK(MPI_Request_get_status(r[i], &flag, &st));
        CHECK(status_is(&st, i) && r[i] != MPI_REQUEST_NULL);
        for (flag = 0; !flag;)
            OK(i % 3 ? MPI_Test(&r[i], &flag, &st) : (flag = 1, MPI_Wait(&r[i], &st)));
        CHECK(status_is(&st, i) && r[i] == MPI_REQUEST_NULL);
        OK(MPI_Wait(&s, &st));
        CHECK(s == MPI_REQUEST_NULL);
    }
    OK(MPI_Wait(&r[0], &st));
    CHECK(empty(&st));
    OK(MPI_Test(&r[0], &flag, &st));
    CHECK(flag && empty(&st));
    OK(MPI_Request_get_status(MPI_REQUEST_NULL, &flag, &st));
    CHECK(flag && empty(&st));
}

static void any(void)
{
    MPI_Request r[N], s[N];
    MPI_Status st;
    int index, flag, seen[N] = {0};
    post(r);
    OK(MPI_Testany(N, r, &index, &flag, &st));
    CHECK(!flag && index == MPI_UNDEFINED);
    OK(MPI_Request_get_status_any(N, r, &index, &flag, &st));
    CHECK(!flag && index == MPI_UNDEFINED);
    OK(MPI_Barrier(W));
    for (int i = 0; i < N; i++)
        feed(i, &s[i]);
    for (int k = 0; k < N; k++) {
        for (flag = 0; !flag;)
            OK(MPI_Request_get_status_any(N, r, &index, &flag, &st));
        CHECK(index >= 0 && index < N && status_is(&st, index));
        if (k % 2)
            OK(MPI_Waitany(N, r, &index, &st));
        else
            for (flag = 0; !flag;)
                OK(MPI_Testany(N, r, &index, &flag, &st));
        CHECK(index >= 0 && index < N && !seen[index] && status_is(&st, index) && r[index] == MPI_REQUEST_NULL);
        seen[index] = 1;
    }
    OK(MPI_Waitany(N, r, &index, &st));
    CHECK(index == MPI_UNDEFINED && empty(&st));
    OK(MPI_Testany(N, r, &index, &flag, &st));
    CHECK(flag && index == MPI_UNDEFINED && empty(&st));
    OK(MPI_Request_get_status_any(N, r, &index, &flag, &st));
    CHECK(flag && index == MPI_UNDEFINED && empty(&st));
    OK(MPI_Waitany(0, NULL, &index, &st));
    CHECK(index == MPI_UNDEFINED);
    OK(MPI_Waitall(N, s, MPI_STATUSES_IGNORE));
}

static void some(void)
{
    MPI_Request r[N], s[N];
    MPI_Status st[N];
    int indices[N], n, done = 0;
    post(r);
    OK(MPI_Testsome(N, r, &n, indices, st));
    CHECK(n == 0);
    OK(MPI_Request_get_status_some(N, r, &n, indices, st));
    CHECK(n == 0);
    OK(MPI_Barrier(W));
    for (int i = 0; i < N; i++)
        feed(i, &s[i]);
    while (done < N) {
        for (n = 0; n == 0;)
            OK(MPI_Request_get_status_some(N, r, &n, indices, st));
        for (int k = 0; k < n; k++)
            CHECK(status_is(&st[k], indices[k]) && r[indices[k]] != MPI_REQUEST_NULL);
        OK(done % 2 ? MPI_Waitsome(N, r, &n, indices, st) : MPI_Testsome(N, r, &n, indices, st));
        CHECK(n > 0);
        for (int k = 0; k < n; k++)
            CHECK(status_is(&st[k], indices[k]) && r[indices[k]] == MPI_REQUEST_NULL);
        done += n;
    }
    OK(MPI_Waitsome(N, r, &n, indices, st));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Testsome(N, r, &n, indices, st));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Request_get_status_some(N, r, &n, indices, MPI_STATUSES_IGNORE));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Waitall(N, s, MPI_STATUSES_IGNORE));
}

static void all(void)
{
    MPI_Request r[N + 1], s[N];
    MPI_Status st[N + 1];
    int flag;
    post(r);
    r[N] = MPI_REQUEST_NULL;
    OK(MPI_Testall(N + 1, r, &flag, st));
    CHECK(!flag);
    OK(MPI_Request_get_status_all(N + 1, r, &flag, st));
    CHECK(!flag);
    OK(MPI_Barrier(W));
    for (int i = 0; i < N; i++)
        feed(i, &s[i]);
    for (flag = 0; !flag;)
        OK(MPI_Request_get_status_all(N + 1, r, &flag, st));
    for (int i = 0; i < N; i++)
        CHECK(status_is(&st[i], i) && r[i] != MPI_REQUEST_NULL);
    CHECK(empty(&st[N]));
    memset(st, 0xff, sizeof st);
    OK(MPI_Testall(N + 1, r, &flag, st));
    CHECK(flag);
    for (int i = 0; i < N; i++)
        CHECK(status_is(&st[i], i) && r[i] == MPI_REQUEST_NULL);
    CHECK(empty(&st[N]));
    OK(MPI_Waitall(N, s, st));
    OK(MPI_Testall(N, s, &flag, MPI_STATUSES_IGNORE));
    CHECK(flag);
    OK(MPI_Waitall(0, NULL, NULL));
    OK(MPI_Request_get_status_all(0, NULL, &flag, NULL));
    CHECK(flag);
}

/* One of three is cut short: MPI_ERR_IN_STATUS, and each status tells its own. */
static void errors(void)
{
    static int x[4] = {1, 2, 3, 4}, y[3][4];
    MPI_Request r[3];
    MPI_Status st[3];
    int indices[3], n, flag, index;
    for (int how = 0; how < 6; how++) {
        for (int i = 0; i < 3; i++)
            OK(MPI_Irecv(y[i], i == 1 ? 2 : 4, MPI_INT, rank, i, W, &r[i]));
        for (int i = 0; i < 3; i++)
            OK(MPI_Send(x, 4, MPI_INT, rank, i, W));
        if (how == 0) {
            FAILS(MPI_ERR_IN_STATUS, MPI_Waitall(3, r, st));
        } else if (how == 1) {
            FAILS(MPI_ERR_IN_STATUS, MPI_Testall(3, r, &flag, st));
            CHECK(flag);
        } else if (how < 4) {
            FAILS(MPI_ERR_IN_STATUS,
                  how == 2 ? MPI_Waitsome(3, r, &n, indices, st) : MPI_Testsome(3, r, &n, indices, st));
            CHECK(n == 3);
        } else if (how == 4) {
            FAILS(MPI_ERR_TRUNCATE, MPI_Waitany(1, r + 1, &index, &st[1]));
            CHECK(index == 0 && r[1] == MPI_REQUEST_NULL);
            OK(MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
            continue;
        } else {
            FAILS(MPI_ERR_IN_STATUS, MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
        }
        for (int i = 0; i < 3; i++) {
            int class, k = how == 2 || how == 3 ? indices[i] : i, got;
            CHECK(r[k] == MPI_REQUEST_NULL);
            if (how == 5)
                continue;
            OK(MPI_Error_class(st[i].MPI_ERROR, &class));
            CHECK(class == (k == 1 ? MPI_ERR_TRUNCATE : MPI_SUCCESS));
            OK(MPI_Status_get_error(&st[i], &got));
            CHECK(got == st[i].MPI_ERROR);
        }
    }
}

/* Freed while active: it still happens. Persistent: inactive is complete, and may be started again and again. */
static void lives(void)
{
    MPI_Request r[4], gone;
    MPI_Status st;
    static int x, y = -1; /* they outlive this function: what is freed may end later */
    int flag, index;
    OK(MPI_Irecv(&y, 1, MPI_INT, from, 50, W, &r[0]));
    gone = r[0];
    OK(MPI_Request_free(&r[0]));
    CHECK(r[0] == MPI_REQUEST_NULL);
    FAILS(MPI_ERR_REQUEST, MPI_Wait(&gone, &st));
    OK(MPI_Isend(&rank, 1, MPI_INT, to, 50, W, &r[0]));
    OK(MPI_Request_free(&r[0]));
    while (*(volatile int *)&y != from)
        OK(MPI_Iprobe(MPI_ANY_SOURCE, 12345, W, &flag, &st));
    OK(MPI_Send_init(&x, 1, MPI_INT, to, 51, W, &r[0]));
    OK(MPI_Recv_init(&y, 1, MPI_INT, from, 51, W, &r[1]));
    OK(MPI_Ssend_init(&x, 1, MPI_INT, to, 52, W, &r[2]));
    OK(MPI_Recv_init(&y, 1, MPI_INT, from, 52, W, &r[3]));
    OK(MPI_Waitall(4, r, MPI_STATUSES_IGNORE)); /* none is active */
    OK(MPI_Waitany(4, r, &index, &st));
    CHECK(index == MPI_UNDEFINED);
    for (int i = 0; i < 5; i++) {
        x = 100 * i + rank;
        OK(MPI_Startall(2, r));
        FAILS(MPI_ERR_REQUEST, MPI_Start(&r[1])); /* it is active */
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        CHECK(y == 100 * i + from && r[0] != MPI_REQUEST_NULL);
        OK(MPI_Test(&r[1], &flag, &st));
        CHECK(flag && empty(&st));
        OK(MPI_Startall(2, r + 2));
        OK(MPI_Waitall(4, r, MPI_STATUSES_IGNORE));
    }
    OK(MPI_Start(&r[1]));
    OK(MPI_Cancel(&r[1]));
    OK(MPI_Wait(&r[1], &st));
    OK(MPI_Test_cancelled(&st, &flag));
    CHECK(flag && r[1] != MPI_REQUEST_NULL);
    /* Freed while active, persistent. */
    y = -1;
    OK(MPI_Startall(2, r + 2));
    for (int i = 0; i < 4; i++)
        OK(MPI_Request_free(&r[i]));
    while (*(volatile int *)&y != x - rank + from)
        OK(MPI_Iprobe(MPI_ANY_SOURCE, 12345, W, &flag, &st));
    OK(MPI_Isend(&x, 1, MPI_INT, MPI_PROC_NULL, 0, W, &r[0]));
    FAILS(MPI_ERR_REQUEST, MPI_Start(&r[0]));
    OK(MPI_Wait(&r[0], &st));
}

static int released;
static int query(void *extra, MPI_Status *st)
{
    OK(MPI_Status_set_source(st, 3));
    OK(MPI_Status_set_tag(st, 4));
    OK(MPI_Status_set_elements_c(st, MPI_INT, 5));
    OK(MPI_Status_set_cancelled(st, 0));
    return MPI_SUCCESS;
}
static int release(void *extra)
{
    released++;
    return MPI_SUCCESS;
}
static int cancel(void *extra, int complete)
{
    *(int *)extra = complete ? 2 : 1;
    return MPI_SUCCESS;
}

static void general(void)
{
    MPI_Request r[2];
    MPI_Status st[2];
    int flag, n, source, tag, seen = 0;
    OK(MPI_Grequest_start(query, release, cancel, &seen, &r[0]));
    OK(MPI_Irecv(&n, 1, MPI_INT, rank, 60, W, &r[1]));
    OK(MPI_Testall(2, r, &flag, st));
    CHECK(!flag && !released);
    OK(MPI_Cancel(&r[0]));
    CHECK(seen == 1);
    OK(MPI_Grequest_complete(r[0]));
    OK(MPI_Cancel(&r[0]));
    CHECK(seen == 2);
    OK(MPI_Request_get_status(r[0], &flag, st));
    CHECK(flag && st[0].MPI_SOURCE == 3 && !released);
    OK(MPI_Send(&rank, 1, MPI_INT, rank, 60, W));
    OK(MPI_Waitall(2, r, st));
    CHECK(released == 1 && r[0] == MPI_REQUEST_NULL && n == rank);
    OK(MPI_Get_count(st, MPI_INT, &n));
    OK(MPI_Status_get_source(st, &source));
    OK(MPI_Status_get_tag(st, &tag));
    CHECK(n == 5 && source == 3 && tag == 4);
    OK(MPI_Grequest_start(query, release, cancel, &seen, &r[0]));
    OK(MPI_Grequest_complete(r[0]));
    OK(MPI_Request_free(&r[0]));
    CHECK(released == 2);
}

static void statuses(void)
{
    MPI_Status st;
    MPI_Datatype t;
    MPI_Count big = (MPI_Count)5 << 32, n_c;
    int n, flag;
    OK(MPI_Status_set_error(&st, MPI_ERR_IO));
    OK(MPI_Status_get_error(&st, &n));
    CHECK(n == MPI_ERR_IO && st.MPI_ERROR == MPI_ERR_IO);
    OK(MPI_Status_set_cancelled(&st, 1));
    OK(MPI_Test_cancelled(&st, &flag));
    CHECK(flag);
    OK(MPI_Type_contiguous(3, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_Status_set_elements(&st, MPI_INT, 7));
    OK(MPI_Get_count(&st, t, &n));
    CHECK(n == MPI_UNDEFINED); /* two and a third */
    OK(MPI_Get_elements(&st, t, &n));
    CHECK(n == 7);
    OK(MPI_Status_set_elements_x(&st, MPI_BYTE, big));
    OK(MPI_Get_elements_x(&st, MPI_BYTE, &n_c));
    CHECK(n_c == big);
    OK(MPI_Get_elements_c(&st, MPI_BYTE, &n_c));
    CHECK(n_c == big);
    OK(MPI_Get_count_c(&st, MPI_BYTE, &n_c));
    CHECK(n_c == big);
    OK(MPI_Get_count(&st, MPI_BYTE, &n));
    CHECK(n == MPI_UNDEFINED); /* does not fit an int */
    OK(MPI_Get_elements(&st, MPI_BYTE, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Type_free(&t));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    to = (rank + 1) % size;
    from = (rank + size - 1) % size;
    void (*const parts[])(void) = {one, any, some, all, errors, lives, general, statuses};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        parts[i]();
        OK(MPI_Barrier(W));
    }
    return end();
}
