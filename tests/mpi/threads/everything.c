/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Several threads of each rank use all of MPI at once: thread i talks to the threads i of the other ranks, in the same
 * order of subjects, and no two threads are at the same subject at the same time. */
#include <pthread.h>
#include "../check.h"

enum { MOST = 8, ROUNDS = 8, N = 3000 };

struct self {
    int me;
    MPI_Comm comm; /* of the threads of this number */
    unsigned seed;
    int called; /* how often a callback came */
};

/* Messages of this thread to all, over the communicator that all threads share; its tags are its own. */
static void any_source(struct self *s)
{
    int in[16], tag = 100 + s->me, sum = 0;
    MPI_Request r[32];
    MPI_Status st[32];
    for (int i = 0; i < size; i++)
        OK(MPI_Irecv(&in[i], 1, MPI_INT, MPI_ANY_SOURCE, tag, MPI_COMM_WORLD, &r[i]));
    for (int i = 0; i < size; i++)
        OK(MPI_Isend(&rank, 1, MPI_INT, i, tag, MPI_COMM_WORLD, &r[size + i]));
    OK(MPI_Waitall(2 * size, r, st));
    for (int i = 0; i < size; i++) {
        CHECK(in[i] == st[i].MPI_SOURCE && st[i].MPI_TAG == tag);
        sum += in[i];
    }
    CHECK(sum == size * (size - 1) / 2);
    OK(MPI_Barrier(s->comm));
}

static void any_of_many(struct self *s)
{
    enum { K = 12 };
    static const int counts[] = {1, 30, N};
    int *in = malloc(K * N * sizeof *in), *out = malloc(N * sizeof *out), left = K, indx, n, found[K];
    MPI_Request r[K], o[K];
    MPI_Status st[K];
    for (int i = 0; i < N; i++)
        out[i] = rank + i;
    for (int i = 0; i < K; i++)
        OK(MPI_Irecv(in + i * N, N, MPI_INT, (rank + size - 1) % size, i, s->comm, &r[i]));
    for (int i = 0; i < K; i++)
        OK(MPI_Isend(out, counts[(i + s->me) % 3], MPI_INT, (rank + 1) % size, K - 1 - i, s->comm, &o[i]));
    OK(MPI_Waitany(K, r, &indx, MPI_STATUS_IGNORE));
    CHECK(indx != MPI_UNDEFINED && r[indx] == MPI_REQUEST_NULL);
    left--;
    OK(MPI_Waitsome(K, r, &n, found, st));
    left -= n;
    while (left > 0) {
        OK(MPI_Testsome(K, r, &n, found, st));
        left -= n;
    }
    for (int i = 0; i < K; i++)
        CHECK(in[i * N] == (rank + size - 1) % size);
    OK(MPI_Waitall(K, o, MPI_STATUSES_IGNORE));
    free(in);
    free(out);
}

static void probes(struct self *s)
{
    int x = rank * 10 + s->me, y = -1, flag = 0, tag = 200 + s->me;
    MPI_Request r[2];
    MPI_Message m;
    MPI_Status st;
    for (int i = 0; i < 2; i++)
        OK(MPI_Isend(&x, 1, MPI_INT, (rank + 1) % size, tag, MPI_COMM_WORLD, &r[i]));
    OK(MPI_Mprobe(MPI_ANY_SOURCE, tag, MPI_COMM_WORLD, &m, &st));
    OK(MPI_Mrecv(&y, 1, MPI_INT, &m, MPI_STATUS_IGNORE));
    CHECK(y == (rank + size - 1) % size * 10 + s->me && st.MPI_SOURCE == (rank + size - 1) % size);
    while (!flag)
        OK(MPI_Iprobe(MPI_ANY_SOURCE, tag, MPI_COMM_WORLD, &flag, &st));
    flag = 0;
    while (!flag)
        OK(MPI_Improbe(st.MPI_SOURCE, tag, MPI_COMM_WORLD, &flag, &m, &st));
    OK(MPI_Mrecv(&y, 1, MPI_INT, &m, MPI_STATUS_IGNORE));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    OK(MPI_Isend(&x, 1, MPI_INT, (rank + 1) % size, 7, s->comm, &r[0]));
    OK(MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, s->comm, &st));
    CHECK(st.MPI_TAG == 7);
    OK(MPI_Recv(&y, 1, MPI_INT, st.MPI_SOURCE, 7, s->comm, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
}

static void both_ways(struct self *s)
{
    int right = (rank + 1) % size, left = (rank + size - 1) % size, x = rank, y = -1, *big = malloc(N * sizeof *big);
    MPI_Request r;
    OK(MPI_Sendrecv(&x, 1, MPI_INT, right, 1, &y, 1, MPI_INT, left, 1, s->comm, MPI_STATUS_IGNORE));
    CHECK(y == left);
    for (int i = 0; i < N; i++)
        big[i] = rank;
    OK(MPI_Sendrecv_replace(big, N, MPI_INT, right, 2, left, 2, s->comm, MPI_STATUS_IGNORE));
    CHECK(big[0] == left && big[N - 1] == left);
    OK(MPI_Isendrecv(&x, 1, MPI_INT, left, 3, &y, 1, MPI_INT, right, 3, s->comm, &r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(y == right);
    free(big);
}

static void collectives(struct self *s)
{
    int one = s->me + 1, sum = 0, all[16], root = s->me % size, *big = malloc(N * sizeof *big);
    OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, s->comm));
    CHECK(sum == size * (s->me + 1));
    OK(MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, s->comm));
    for (int i = 0; i < size; i++)
        CHECK(all[i] == i);
    for (int i = 0; i < N; i++)
        big[i] = rank == root ? i : -1;
    OK(MPI_Bcast(big, N, MPI_INT, root, s->comm));
    CHECK(big[N - 1] == N - 1);
    OK(MPI_Reduce(rank == root ? MPI_IN_PLACE : big, big, N, MPI_INT, MPI_SUM, root, s->comm));
    CHECK(rank != root || big[N - 1] == size * (N - 1));
    OK(MPI_Scan(&one, &sum, 1, MPI_INT, MPI_SUM, s->comm));
    CHECK(sum == (rank + 1) * one);
    OK(MPI_Barrier(s->comm));
    free(big);
}

static void nonblocking(struct self *s)
{
    int one = 1, sum = 0, max = 0, word = rank == 0 ? 77 : 0, flag = 0;
    MPI_Request r[4];
    OK(MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, s->comm, &r[0]));
    OK(MPI_Ibcast(&word, 1, MPI_INT, 0, s->comm, &r[1]));
    OK(MPI_Iallreduce(&rank, &max, 1, MPI_INT, MPI_MAX, s->comm, &r[2]));
    OK(MPI_Ibarrier(s->comm, &r[3]));
    if (s->me % 2)
        OK(MPI_Waitall(4, r, MPI_STATUSES_IGNORE));
    while (!flag)
        OK(MPI_Testall(4, r, &flag, MPI_STATUSES_IGNORE));
    CHECK(sum == size && word == 77 && max == size - 1);
}

static void communicators(struct self *s)
{
    MPI_Comm dup, half, later;
    MPI_Request r;
    MPI_Group all, odd;
    int sum, n, one = 1, range[1][3] = {{0, size - 1, 2}};
    OK(MPI_Comm_dup(s->comm, &dup));
    OK(MPI_Comm_idup(dup, &later, &r));
    OK(MPI_Comm_split(dup, rank % 2, -rank, &half));
    OK(MPI_Comm_size(half, &n));
    OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, half));
    CHECK(sum == n);
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Comm_free(&half));
    OK(MPI_Comm_group(later, &all));
    OK(MPI_Group_range_incl(all, 1, range, &odd));
    OK(MPI_Comm_create(later, odd, &half));
    CHECK((half != MPI_COMM_NULL) == (rank % 2 == 0));
    if (half != MPI_COMM_NULL)
        OK(MPI_Comm_free(&half));
    OK(MPI_Group_free(&all));
    OK(MPI_Group_free(&odd));
    OK(MPI_Comm_free(&later));
    OK(MPI_Comm_free(&dup));
}

static void types(struct self *s)
{
    for (int i = 1; i < 20; i++) {
        MPI_Datatype column, pair;
        int from[64], to[64], place = 0;
        char packed[512];
        memset(to, 0, sizeof to);
        for (int k = 0; k < 64; k++)
            from[k] = k * i;
        OK(MPI_Type_vector(4, 1, 1 + i % 8, MPI_INT, &column));
        OK(MPI_Type_contiguous(1, column, &pair));
        OK(MPI_Type_commit(&pair));
        OK(MPI_Type_free(&column));
        OK(MPI_Sendrecv(from, 1, pair, rank, i, to, 1, pair, rank, i, s->comm, MPI_STATUS_IGNORE));
        CHECK(to[3 * (1 + i % 8)] == from[3 * (1 + i % 8)]);
        OK(MPI_Pack(from, 1, pair, packed, sizeof packed, &place, s->comm));
        CHECK(place == 16);
        OK(MPI_Type_free(&pair));
    }
}

static int copied(MPI_Comm c, int key, void *extra, void *in, void *out, int *flag)
{
    int r;
    struct self *s = in;
    OK(MPI_Comm_rank(c, &r));
    s->called++;
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}

static int deleted(MPI_Comm c, int key, void *value, void *extra)
{
    struct self *s = value;
    int x = rank, y = -1;
    OK(MPI_Sendrecv(&x, 1, MPI_INT, 0, 5, &y, 1, MPI_INT, 0, 5, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    CHECK(y == rank);
    s->called++;
    return MPI_SUCCESS;
}

static void attributes(struct self *s)
{
    int key, flag;
    void *got;
    MPI_Comm dup;
    s->called = 0;
    OK(MPI_Comm_create_keyval(copied, deleted, &key, NULL));
    OK(MPI_Comm_set_attr(s->comm, key, s));
    OK(MPI_Comm_dup(s->comm, &dup));
    OK(MPI_Comm_get_attr(dup, key, &got, &flag));
    CHECK(flag && got == s && s->called == 1);
    OK(MPI_Comm_free(&dup));
    CHECK(s->called == 2);
    OK(MPI_Comm_delete_attr(s->comm, key));
    CHECK(s->called == 3);
    OK(MPI_Comm_free_keyval(&key));
    /* All threads on one communicator, each with a key of its own. */
    OK(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &key, NULL));
    OK(MPI_Comm_set_attr(MPI_COMM_WORLD, key, s));
    OK(MPI_Comm_get_attr(MPI_COMM_WORLD, key, &got, &flag));
    CHECK(flag && got == s);
    OK(MPI_Comm_delete_attr(MPI_COMM_WORLD, key));
    OK(MPI_Comm_free_keyval(&key));
}

static void handler(MPI_Comm *c, int *code, ...)
{
    int cls, r;
    OK(MPI_Error_class(*code, &cls));
    OK(MPI_Comm_rank(*c, &r));
    CHECK(cls == MPI_ERR_RANK && r == rank);
}

static void errors(struct self *s)
{
    MPI_Errhandler h;
    char text[MPI_MAX_ERROR_STRING];
    int n, cls, code;
    OK(MPI_Comm_create_errhandler(handler, &h));
    OK(MPI_Comm_set_errhandler(s->comm, h));
    for (int i = 0; i < 10; i++)
        FAILS(MPI_ERR_RANK, MPI_Send(&n, 1, MPI_INT, size + s->me, 0, s->comm));
    OK(MPI_Comm_set_errhandler(s->comm, MPI_ERRORS_RETURN));
    OK(MPI_Errhandler_free(&h));
    FAILS(MPI_ERR_TAG, MPI_Send(&n, 1, MPI_INT, 0, -5, s->comm));
    OK(MPI_Add_error_class(&cls));
    OK(MPI_Add_error_code(cls, &code));
    OK(MPI_Add_error_string(code, "of a thread"));
    OK(MPI_Error_string(code, text, &n));
    CHECK(strcmp(text, "of a thread") == 0);
}

static void cancels(struct self *s)
{
    MPI_Request r[4];
    MPI_Status st;
    int x[4], flag;
    for (int i = 0; i < 4; i++)
        OK(MPI_Irecv(&x[i], 1, MPI_INT, i % 2 ? MPI_ANY_SOURCE : 0, 900 + s->me, MPI_COMM_WORLD, &r[i]));
    for (int i = 0; i < 4; i++) {
        OK(MPI_Cancel(&r[i]));
        OK(MPI_Wait(&r[i], &st));
        OK(MPI_Test_cancelled(&st, &flag));
        CHECK(flag);
    }
}

static void persistent(struct self *s)
{
    int out = 0, in = -1, right = (rank + 1) % size, left = (rank + size - 1) % size;
    MPI_Request r[3];
    OK(MPI_Send_init(&out, 1, MPI_INT, right, 8, s->comm, &r[0]));
    OK(MPI_Recv_init(&in, 1, MPI_INT, left, 8, s->comm, &r[1]));
    OK(MPI_Barrier_init(s->comm, MPI_INFO_NULL, &r[2]));
    for (out = 0; out < 10; out++) {
        OK(MPI_Startall(3, r));
        OK(MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
        CHECK(in == out);
    }
    for (int i = 0; i < 3; i++)
        OK(MPI_Request_free(&r[i]));
}

static void infos(struct self *s)
{
    MPI_Info a, b;
    char key[16], value[32];
    int flag, n;
    OK(MPI_Info_create(&a));
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "key%d", i);
        snprintf(value, sizeof value, "%d of %d", i, s->me);
        OK(MPI_Info_set(a, key, value));
    }
    OK(MPI_Info_dup(a, &b));
    OK(MPI_Info_free(&a));
    OK(MPI_Info_delete(b, "key3"));
    OK(MPI_Info_get_nkeys(b, &n));
    n = n == 9 ? (int)sizeof value : 0;
    OK(MPI_Info_get_string(b, "key7", &n, value, &flag));
    snprintf(key, sizeof key, "7 of %d", s->me);
    CHECK(flag && strcmp(value, key) == 0);
    OK(MPI_Info_free(&b));
}

static void later_of(void *in, void *inout, int *n, MPI_Datatype *t)
{
    int bytes;
    OK(MPI_Type_size(*t, &bytes));
    for (int i = 0; i < *n; i++)
        ((int *)inout)[i] = ((int *)in)[i] * 2 + ((int *)inout)[i] * (bytes / 4);
}

static void operations(struct self *s)
{
    MPI_Op op;
    MPI_Request r;
    int *in = malloc(N * sizeof *in), *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
    for (int i = 0; i < N; i++)
        in[i] = i + rank;
    OK(MPI_Op_create(later_of, 0, &op));
    OK(MPI_Iallreduce(in, a, N, MPI_INT, op, s->comm, &r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Allreduce(in, b, N, MPI_INT, op, s->comm));
    CHECK(size > 2 || memcmp(a, b, N * sizeof *a) == 0); /* not associative: the order of more is the library's */
    OK(MPI_Op_free(&op));
    free(in);
    free(a);
    free(b);
}

static void modes(struct self *s)
{
    int x = rank, y = -1, right = (rank + 1) % size, left = (rank + size - 1) % size;
    MPI_Request r, q;
    char *room = malloc(4096);
    void *back;
    int bytes;
    OK(MPI_Irecv(&y, 1, MPI_INT, left, 3, s->comm, &r));
    OK(MPI_Issend(&x, 1, MPI_INT, right, 3, s->comm, &q));
    OK(MPI_Wait(&q, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(y == left);
    OK(MPI_Comm_attach_buffer(s->comm, room, 4096));
    OK(MPI_Bsend(&x, 1, MPI_INT, right, 4, s->comm));
    OK(MPI_Recv(&y, 1, MPI_INT, left, 4, s->comm, MPI_STATUS_IGNORE));
    OK(MPI_Comm_detach_buffer(s->comm, &back, &bytes));
    CHECK(y == left && back == room);
    free(room);
}

static void (*const subjects[])(struct self *) = {
    any_source, collectives, any_of_many, communicators, probes,     types, both_ways, attributes,
    errors,     nonblocking, cancels,     persistent,    operations, infos, modes,
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static void *work(void *arg)
{
    struct self *s = arg;
    for (int i = 0; i < ROUNDS * SUBJECTS; i++)
        subjects[(i + 2 * s->me) % SUBJECTS](s);
    return NULL;
}

static void run(int threads)
{
    pthread_t t[MOST];
    struct self s[MOST];
    for (int i = 0; i < threads; i++) {
        s[i] = (struct self){.me = i, .seed = (unsigned)i + 1};
        OK(MPI_Comm_dup(MPI_COMM_WORLD, &s[i].comm));
    }
    for (int i = 0; i < threads; i++)
        CHECK(pthread_create(&t[i], NULL, work, &s[i]) == 0);
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < threads; i++)
        OK(MPI_Comm_free(&s[i].comm));
}

int main(int argc, char **argv)
{
    int provided;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    for (int threads = 2; threads <= MOST; threads *= 2)
        run(threads);
    return end();
}
