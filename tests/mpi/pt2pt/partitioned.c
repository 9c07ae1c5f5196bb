/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Partitioned communication: any numbers of partitions on both sides, of dense types and others, whose elements may lie
 * in two partitions of the sender; started again and again, in any order; freed at any time; arguments refused. */
#include "../check.h"

enum { ELEMENTS = 720, STARTS = 3 };
static const int numbers[] = {1, 2, 3, 5, 8, 16, 720};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static int next, before;

static int value(int who, int start, int i)
{
    return who * 1000000 + start * 10000 + i;
}

/* In some order that is not theirs. */
static void ready(int n, int start, MPI_Request r)
{
    int list[ELEMENTS], k = 0;
    if (start == 0) {
        for (int i = n - 1; i >= 0; i--)
            OK(MPI_Pready(i, r));
    } else if (start == 1) {
        OK(MPI_Pready_range(n / 2, n - 1, r));
        if (n / 2 > 0)
            OK(MPI_Pready_range(0, n / 2 - 1, r));
    } else {
        for (int i = 0; i < n; i += 2)
            list[k++] = i;
        for (int i = 1; i < n; i += 2)
            list[k++] = i;
        OK(MPI_Pready_list(k, list, r));
    }
}

/* Each that has arrived is there, though others may not be. */
static void arrive(const int *got, int stride, int n, int start, MPI_Request r)
{
    bool seen[ELEMENTS] = {false};
    for (int left = n; left > 0;)
        for (int i = 0; i < n; i++) {
            int flag;
            if (seen[i])
                continue;
            OK(MPI_Parrived(r, i, &flag));
            if (!flag)
                continue;
            seen[i] = true;
            left--;
            for (int k = i * (ELEMENTS / n); k < (i + 1) * (ELEMENTS / n); k++)
                CHECK(got[k * stride] == value(before, start, k));
        }
}

/* A send to the next rank and a receive from the one before, of so many partitions; types of `block` integers. */
static void exchange(int out, int in, int out_block, int in_block, bool recv_first)
{
    static int sent[2 * ELEMENTS], got[2 * ELEMENTS];
    MPI_Datatype from, to;
    MPI_Request r[2];
    MPI_Status s[2];
    OK(MPI_Type_vector(out_block, 1, 2, MPI_INT, &from));
    OK(MPI_Type_create_resized(from, 0, 2 * out_block * (MPI_Aint)sizeof(int), &to));
    OK(MPI_Type_free(&from));
    from = to;
    OK(MPI_Type_commit(&from));
    OK(MPI_Type_vector(in_block, 1, 2, MPI_INT, &to));
    MPI_Datatype resized;
    OK(MPI_Type_create_resized(to, 0, 2 * in_block * (MPI_Aint)sizeof(int), &resized));
    OK(MPI_Type_free(&to));
    to = resized;
    OK(MPI_Type_commit(&to));
    for (int i = 0; i < 2; i++)
        if ((i == 0) == recv_first)
            OK(MPI_Precv_init(got, in, ELEMENTS / in / in_block, to, before, 5, world, MPI_INFO_NULL, &r[1]));
        else
            OK(MPI_Psend_init(sent, out, ELEMENTS / out / out_block, from, next, 5, world, MPI_INFO_NULL, &r[0]));
    OK(MPI_Type_free(&from)); /* the requests hold them */
    OK(MPI_Type_free(&to));
    for (int start = 0; start < STARTS; start++) {
        memset(got, 0xff, sizeof got);
        for (int i = 0; i < ELEMENTS; i++)
            sent[2 * i] = value(rank, start, i), sent[2 * i + 1] = -2;
        if (start % 2)
            OK(MPI_Startall(2, r));
        else
            for (int i = 0; i < 2; i++)
                OK(MPI_Start(&r[recv_first ? 1 - i : i]));
        ready(out, start, r[0]);
        if (start > 0)
            arrive(got, 2, in, start, r[1]);
        OK(MPI_Waitall(2, r, s));
        for (int i = 0; i < ELEMENTS; i++)
            CHECK(got[2 * i] == value(before, start, i) && got[2 * i + 1] == -1);
        int count, flag = 0;
        OK(MPI_Get_count(&s[1], MPI_INT, &count));
        CHECK(count == ELEMENTS && s[1].MPI_SOURCE == before && s[1].MPI_TAG == 5);
        OK(MPI_Parrived(r[1], in - 1, &flag)); /* of an inactive one */
        CHECK(flag);
    }
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
}

static void combinations(void)
{
    for (int i = 0; i < NUMBERS; i++)
        for (int k = 0; k < NUMBERS; k++)
            for (int blocks = 0; blocks < 4; blocks++) {
                int out = blocks & 1 && ELEMENTS / numbers[i] % 3 == 0 ? 3 : 1;
                int in = blocks & 2 ? ELEMENTS / numbers[k] : 1;
                exchange(numbers[i], numbers[k], out, in, (i + k + blocks) % 2);
            }
}

/* Of bytes, where nothing is copied twice; long ones. */
static void dense(void)
{
    enum { LONG = 600000 };
    static char sent[LONG], got[LONG];
    MPI_Request r[2];
    for (int i = 0; i < LONG; i++)
        sent[i] = (char)(i * 7 + rank);
    OK(MPI_Psend_init(sent, 3, LONG / 3, MPI_BYTE, next, 0, world, MPI_INFO_NULL, &r[0]));
    OK(MPI_Precv_init(got, 2, LONG / 2, MPI_BYTE, before, 0, world, MPI_INFO_NULL, &r[1]));
    for (int start = 0; start < 2; start++) {
        memset(got, 0, LONG);
        OK(MPI_Startall(2, r));
        OK(MPI_Pready_range(0, 2, r[0]));
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        for (int i = 0; i < LONG; i++)
            CHECK(got[i] == (char)(i * 7 + before));
    }
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
}

/* Those of one tag match in the order in which they were made, and no other message does. */
static void order(void)
{
    enum { SEVERAL = 4 };
    int sent[SEVERAL], got[SEVERAL], plain = -1, tag = 0x7ffffffe;
    MPI_Request r[2 * SEVERAL], other;
    OK(MPI_Irecv(&plain, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, world, &other));
    for (int i = 0; i < SEVERAL; i++) {
        sent[i] = value(rank, 0, i);
        OK(MPI_Psend_init(&sent[i], 1, 1, MPI_INT, next, tag, world, MPI_INFO_NULL, &r[i]));
        OK(MPI_Precv_init(&got[i], 1, 1, MPI_INT, before, tag, world, MPI_INFO_NULL, &r[SEVERAL + i]));
    }
    OK(MPI_Startall(2 * SEVERAL, r));
    for (int i = SEVERAL - 1; i >= 0; i--)
        OK(MPI_Pready(0, r[i]));
    OK(MPI_Waitall(2 * SEVERAL, r, MPI_STATUSES_IGNORE));
    for (int i = 0; i < SEVERAL; i++)
        CHECK(got[i] == value(before, 0, i));
    for (int i = 0; i < 2 * SEVERAL; i++)
        OK(MPI_Request_free(&r[i]));
    CHECK(plain == -1);
    OK(MPI_Barrier(world));
    OK(MPI_Send(&rank, 1, MPI_INT, next, 3, world));
    OK(MPI_Wait(&other, MPI_STATUS_IGNORE));
    CHECK(plain == before);
}

/* Freed while it runs, it completes all the same; freed before it was ever started, it takes nobody's place. */
static void freed(void)
{
    int sent[2][4], got[3][4] = {{0}};
    MPI_Request s[1], r[1], never;
    for (int i = 0; i < 4; i++)
        sent[0][i] = value(rank, 1, i), sent[1][i] = value(rank, 2, i);
    OK(MPI_Precv_init(got[0], 2, 2, MPI_INT, before, 8, world, MPI_INFO_NULL, &never));
    OK(MPI_Precv_init(got[1], 2, 2, MPI_INT, before, 8, world, MPI_INFO_NULL, &r[0]));
    OK(MPI_Request_free(&never));
    CHECK(never == MPI_REQUEST_NULL);
    OK(MPI_Psend_init(sent[0], 4, 1, MPI_INT, next, 8, world, MPI_INFO_NULL, &never));
    OK(MPI_Psend_init(sent[1], 4, 1, MPI_INT, next, 8, world, MPI_INFO_NULL, &s[0]));
    OK(MPI_Request_free(&never));
    OK(MPI_Start(&s[0]));
    OK(MPI_Start(&r[0]));
    OK(MPI_Pready_range(0, 3, s[0]));
    OK(MPI_Request_free(&s[0]));
    MPI_Request watch = r[0];
    OK(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
    CHECK(r[0] == watch && got[1][3] == value(before, 2, 3));
    OK(MPI_Request_free(&r[0]));
}

static void nobody(void)
{
    MPI_Request r[2];
    MPI_Status s[2];
    int flag, none = 0;
    OK(MPI_Psend_init(&none, 2, 1, MPI_INT, MPI_PROC_NULL, 1, world, MPI_INFO_NULL, &r[0]));
    OK(MPI_Precv_init(&none, 2, 1, MPI_INT, MPI_PROC_NULL, 1, world, MPI_INFO_NULL, &r[1]));
    OK(MPI_Startall(2, r));
    OK(MPI_Test(&r[0], &flag, MPI_STATUS_IGNORE));
    CHECK(!flag);
    OK(MPI_Pready_range(0, 1, r[0]));
    OK(MPI_Waitall(2, r, s));
    CHECK(s[1].MPI_SOURCE == MPI_PROC_NULL);
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
}

static void refused(void)
{
    int data[4] = {0}, flag, list[] = {0, 1, 1}, many[] = {0, 4};
    MPI_Request s, r, plain;
    OK(MPI_Recv_init(data, 1, MPI_INT, rank, 9, world, &plain));
    FAILS(MPI_ERR_ARG, MPI_Psend_init(data, -1, 1, MPI_INT, rank, 9, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_COUNT, MPI_Psend_init(data, 1, -1, MPI_INT, rank, 9, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_TYPE, MPI_Psend_init(data, 1, 1, MPI_DATATYPE_NULL, rank, 9, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_RANK, MPI_Psend_init(data, 1, 1, MPI_INT, size, 9, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_RANK, MPI_Precv_init(data, 1, 1, MPI_INT, MPI_ANY_SOURCE, 9, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_TAG, MPI_Precv_init(data, 1, 1, MPI_INT, rank, MPI_ANY_TAG, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_COMM, MPI_Psend_init(data, 1, 1, MPI_INT, rank, 9, MPI_COMM_NULL, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_BUFFER, MPI_Psend_init(NULL, 1, 1, MPI_INT, rank, 9, world, MPI_INFO_NULL, &s));
    FAILS(MPI_ERR_COUNT,
          MPI_Psend_init_c(data, 2147483647, (MPI_Count)1 << 40, MPI_INT, rank, 9, world, MPI_INFO_NULL, &s));
    OK(MPI_Psend_init(data, 4, 1, MPI_INT, rank, 9, world, MPI_INFO_NULL, &s));
    OK(MPI_Precv_init_c(data, 2, 2, MPI_INT, rank, 9, world, MPI_INFO_NULL, &r));
    FAILS(MPI_ERR_REQUEST, MPI_Pready(0, s));
    OK(MPI_Start(&s));
    OK(MPI_Start(&r));
    FAILS(MPI_ERR_REQUEST, MPI_Start(&s));
    FAILS(MPI_ERR_ARG, MPI_Pready(4, s));
    FAILS(MPI_ERR_ARG, MPI_Pready(-1, s));
    FAILS(MPI_ERR_ARG, MPI_Pready_range(0, 4, s));
    FAILS(MPI_ERR_ARG, MPI_Pready_range(1, 0, s));
    FAILS(MPI_ERR_ARG, MPI_Pready_list(2, many, s));
    FAILS(MPI_ERR_ARG, MPI_Pready_list(-1, many, s));
    FAILS(MPI_ERR_ARG, MPI_Pready_list(1, NULL, s));
    FAILS(MPI_ERR_REQUEST, MPI_Pready(0, r));
    FAILS(MPI_ERR_REQUEST, MPI_Pready(0, plain));
    FAILS(MPI_ERR_REQUEST, MPI_Pready(0, MPI_REQUEST_NULL));
    FAILS(MPI_ERR_REQUEST, MPI_Parrived(s, 0, &flag));
    FAILS(MPI_ERR_REQUEST, MPI_Parrived(plain, 0, &flag));
    FAILS(MPI_ERR_REQUEST, MPI_Parrived(MPI_REQUEST_NULL, 0, &flag));
    FAILS(MPI_ERR_ARG, MPI_Parrived(r, 2, &flag));
    FAILS(MPI_ERR_ARG, MPI_Parrived(r, -1, &flag));
    FAILS(MPI_ERR_ARG, MPI_Parrived(r, 0, NULL));
    FAILS(MPI_ERR_ARG, MPI_Pready_list(3, list, s)); /* the first two are ready */
    OK(MPI_Parrived(r, 1, &flag));
    CHECK(!flag);
    OK(MPI_Pready_range(2, 3, s));
    OK(MPI_Wait(&s, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Request_free(&s));
    OK(MPI_Request_free(&r));
    OK(MPI_Request_free(&plain));
}

/* Both sides must agree on how much there is. */
static void disagree(int in, int class)
{
    int data[8] = {0}, got[8];
    MPI_Request s, r;
    OK(MPI_Psend_init(data, 2, 2, MPI_INT, next, 10, world, MPI_INFO_NULL, &s));
    OK(MPI_Precv_init(got, 1, in, MPI_INT, before, 10, world, MPI_INFO_NULL, &r));
    for (int i = 0; i < 2; i++) {
        OK(MPI_Start(&s));
        OK(MPI_Start(&r));
        OK(MPI_Pready_range(0, 1, s));
        int rc = MPI_Wait(&r, MPI_STATUS_IGNORE), is;
        OK(MPI_Error_class(rc, &is));
        CHECK(is == class);
        OK(MPI_Wait(&s, MPI_STATUS_IGNORE));
    }
    OK(MPI_Request_free(&s));
    OK(MPI_Request_free(&r));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    next = (rank + 1) % size;
    before = (rank + size - 1) % size;
    combinations();
    dense();
    order();
    freed();
    nobody();
    refused();
    disagree(3, MPI_ERR_TRUNCATE);
    disagree(5, MPI_ERR_COUNT);
    OK(MPI_Barrier(world));
    return end();
}
