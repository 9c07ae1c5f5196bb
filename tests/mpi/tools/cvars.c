/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cvars: control variables before, beside and after MPI: what is written is read, and does what it says. */
#include "tools.h"

static MPI_T_pvar_session session;

/* Those that are laid out by MPI_Init are written before it, and stay; of all the environment is known. */
static void before_init(void)
{
    int provided, row;
    setenv("MUSTER_COLL", "barrier=shm", 1);
    setenv("MUSTER_RECV_SPINS", "123", 1);
    OK(MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    MPI_T_cvar_handle channel = cvar_open("MUSTER_SHM_CHANNEL_MAX"), spins = cvar_open("MUSTER_WAIT_SPINS");
    cvar_set(channel, 65536);
    CHECK(cvar_value(channel) == 65536);
    cvar_set(spins, 17);
    MPI_T_cvar_handle recv = cvar_open("MUSTER_RECV_SPINS"), barrier = cvar_open("MUSTER_COLL_barrier");
    OK(MPI_T_cvar_read(barrier, &row));
    CHECK(row == 1 && cvar_value(recv) == 123);
    row = 0;
    OK(MPI_T_cvar_write(barrier, &row));
    OK(MPI_T_cvar_handle_free(&recv));
    OK(MPI_T_cvar_handle_free(&barrier));
    OK(MPI_T_cvar_handle_free(&spins));
    OK(MPI_T_cvar_handle_free(&channel));
}

static void after_init(void)
{
    unsigned long v = 32768;
    int row;
    MPI_T_cvar_handle recv = cvar_open("MUSTER_RECV_SPINS"), barrier = cvar_open("MUSTER_COLL_barrier");
    OK(MPI_T_cvar_read(barrier, &row));
    CHECK(row == 0 && cvar_value(recv) == 123);
    OK(MPI_T_cvar_handle_free(&recv));
    OK(MPI_T_cvar_handle_free(&barrier));
    MPI_T_cvar_handle channel = cvar_open("MUSTER_SHM_CHANNEL_MAX"), spins = cvar_open("MUSTER_WAIT_SPINS");
    CHECK(cvar_value(channel) == 65536 && cvar_value(spins) == 17);
    TFAILS(MPI_T_ERR_CVAR_SET_NOT_NOW, MPI_T_cvar_write(channel, &v));
    CHECK(cvar_value(channel) == 65536);
    cvar_set(spins, 5);
    CHECK(cvar_value(spins) == 5);
    v = 0;
    TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_write(spins, &v));
    v = 10000000;
    TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_write(spins, &v));
    CHECK(cvar_value(spins) == 5);
    OK(MPI_T_cvar_handle_free(&spins));
    OK(MPI_T_cvar_handle_free(&channel));
}

/* n bytes from each rank to the next. */
static void pass(int n)
{
    char *out = calloc((size_t)n, 1), *in = malloc((size_t)n);
    CHECK(out && in);
    memset(out, rank + 1, (size_t)n);
    int from = (rank + size - 1) % size;
    OK(MPI_Sendrecv(out, n, MPI_BYTE, (rank + 1) % size, 3, in, n, MPI_BYTE, from, 3, world, MPI_STATUS_IGNORE));
    CHECK(in[0] == (char)(from + 1) && in[n - 1] == (char)(from + 1));
    free(out);
    free(in);
    OK(MPI_Barrier(world));
}

/* What is eager follows the variable at once. */
static void eager_limit(void)
{
    MPI_T_cvar_handle limit = cvar_open("MUSTER_SHM_EAGER_MAX");
    MPI_T_pvar_handle announced = pvar_open(session, "p2p_rendezvous_sent", NULL);
    MPI_T_pvar_handle eager = pvar_open(session, "p2p_eager_sent", NULL);
    unsigned long was = cvar_value(limit);
    OK(MPI_Barrier(world)); /* the first one sends messages */
    OK(MPI_T_pvar_start(session, announced));
    OK(MPI_T_pvar_start(session, eager));
    pass(1000);
    CHECK(pvar_value(session, announced) == 0 && pvar_value(session, eager) == 1);
    cvar_set(limit, 100);
    pass(1000);
    pass(100);
    if (size > 1)
        CHECK(pvar_value(session, announced) == 1 && pvar_value(session, eager) == 2);
    cvar_set(limit, was);
    pass(1000);
    if (size > 1)
        CHECK(pvar_value(session, announced) == 1 && pvar_value(session, eager) == 3);
    OK(MPI_T_pvar_handle_free(session, &announced));
    OK(MPI_T_pvar_handle_free(session, &eager));
    OK(MPI_T_cvar_handle_free(&limit));
}

static int word_of(MPI_T_enum e, const char *word)
{
    char name[64];
    int n, value;
    OK(MPI_T_enum_get_info(e, &n, NULL, NULL));
    for (int i = 0; i < n; i++) {
        int len = sizeof name;
        OK(MPI_T_enum_get_item(e, i, &value, name, &len));
        if (strcmp(name, word) == 0)
            return value;
    }
    CHECK(!"the word is there");
    return -1;
}

/* How long messages go follows it, too. One copy may be forbidden here: then it is two, as by the environment. */
static void copies(void)
{
    enum { LONG = 300000 };
    int index, v, wrong = 99;
    MPI_T_enum e;
    OK(MPI_T_cvar_get_index("MUSTER_SHM_COPY", &index));
    OK(MPI_T_cvar_get_info(index, NULL, NULL, NULL, NULL, &e, NULL, NULL, NULL, NULL));
    MPI_T_cvar_handle copy = cvar_open("MUSTER_SHM_COPY");
    MPI_T_pvar_handle one = pvar_open(session, "p2p_one_copy_bytes_received", NULL);
    MPI_T_pvar_handle two = pvar_open(session, "p2p_two_copy_bytes_received", NULL);
    OK(MPI_T_pvar_start(session, MPI_T_PVAR_ALL_HANDLES));
    static const char *const words[] = {"two", "one", "two", "auto"};
    for (int i = 0; i < 4; i++) {
        v = word_of(e, words[i]);
        OK(MPI_T_cvar_write(copy, &v));
        OK(MPI_Barrier(world));
        unsigned long long one_before = pvar_value(session, one), two_before = pvar_value(session, two);
        pass(LONG);
        unsigned long long by_one = pvar_value(session, one) - one_before,
                           by_two = pvar_value(session, two) - two_before;
        CHECK(by_one + by_two == LONG);
        if (i % 2 == 0)
            CHECK(by_two == LONG);
    }
    TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_write(copy, &wrong));
    OK(MPI_T_cvar_read(copy, &wrong));
    CHECK(wrong == v);
    OK(MPI_T_pvar_handle_free(session, &one));
    OK(MPI_T_pvar_handle_free(session, &two));
    OK(MPI_T_cvar_handle_free(&copy));
}

/* Numbers of collectives, changed in all ranks alike between two: they still come to the same. */
static void by_numbers(void)
{
    static const struct {
        const char *name;
        unsigned long values[3];
    } vary[] = {{"MUSTER_COLL_PIECE_MIN", {64, 1048576, 4096}},
                {"MUSTER_COLL_PIECE_MAX", {64, 1048576, 16384}},
                {"MUSTER_COLL_ALLTOALL_PIECE", {64, 1048576, 16384}},
                {"MUSTER_COLL_ALLTOALL_BUDGET", {4096, 16777216, 1048576}},
                {"MUSTER_COLL_ALLREDUCE_ONE_PHASE_MAX", {0, 1048576, 8192}},
                {"MUSTER_COLL_SCATTER_ONE_PHASE_MAX", {0, 1048576, 4096}},
                {"MUSTER_COLL_COPY_MIN", {0, 1048576, 16384}},
                {"MUSTER_COLL_CMA_MIN", {0, 65536, 1048576}},
                {"MUSTER_COLL_SHORT_MAX", {0, 2048, 100}},
                {"MUSTER_COLL_SPINS", {1, 1000000, 20}}};
    enum { N = 5000 };
    int *in = malloc(N * sizeof *in), *out = malloc(N * sizeof *out), *all = malloc((size_t)size * N * sizeof *all);
    int *back = malloc((size_t)size * N * sizeof *back);
    CHECK(in && out && all && back);
    for (int i = 0; i < N; i++)
        in[i] = i + rank;
    for (size_t k = 0; k < sizeof vary / sizeof *vary; k++)
        for (int j = 0; j < 3; j++) {
            MPI_T_cvar_handle h = cvar_open(vary[k].name);
            cvar_set(h, vary[k].values[j]);
            OK(MPI_T_cvar_handle_free(&h));
            OK(MPI_Allreduce(in, out, N, MPI_INT, MPI_SUM, world));
            OK(MPI_Allgather(in, N, MPI_INT, all, N, MPI_INT, world));
            OK(MPI_Alltoall(all, N, MPI_INT, back, N, MPI_INT, world));
            OK(MPI_Scatter(all, N, MPI_INT, in, N, MPI_INT, 0, world));
            for (int i = 0; i < N; i++)
                CHECK(out[i] == i * size + size * (size - 1) / 2 && in[i] == i + rank && back[i] == i + rank);
        }
    free(in);
    free(out);
    free(all);
    free(back);
}

/* Each algorithm that there is of two collectives, where it fits. */
static void by_algorithms(void)
{
    static const char *const names[] = {"MUSTER_COLL_allreduce", "MUSTER_COLL_bcast"};
    enum { N = 3000 };
    static int in[N], out[N];
    for (int k = 0; k < 2; k++) {
        int index, words, value, wrong = -1;
        MPI_T_enum e;
        MPI_T_cvar_handle h = cvar_open(names[k]);
        OK(MPI_T_cvar_get_index(names[k], &index));
        OK(MPI_T_cvar_get_info(index, NULL, NULL, NULL, NULL, &e, NULL, NULL, NULL, NULL));
        OK(MPI_T_enum_get_info(e, &words, NULL, NULL));
        CHECK(words > 3 && word_of(e, "auto") == 0);
        for (int w = words - 1; w >= 0; w--) {
            OK(MPI_Barrier(world));
            OK(MPI_T_cvar_write(h, &w));
            OK(MPI_T_cvar_read(h, &value));
            CHECK(value == w);
            for (int n = 1; n <= N; n *= 50) {
                for (int i = 0; i < n; i++)
                    in[i] = rank * i;
                OK(MPI_Allreduce(in, out, n, MPI_INT, MPI_SUM, world));
                for (int i = 0; i < n; i++)
                    CHECK(out[i] == size * (size - 1) / 2 * i);
                OK(MPI_Bcast(in, n, MPI_INT, size - 1, world));
                for (int i = 0; i < n; i++)
                    CHECK(in[i] == (size - 1) * i);
            }
        }
        TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_write(h, &wrong));
        TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_write(h, &words));
        OK(MPI_T_cvar_handle_free(&h));
    }
}

/* That it is taken at once is seen by what it sends: a broadcast by messages sends some, that by shared memory none. */
static void at_once(void)
{
    int index, data = rank, value;
    MPI_T_enum e;
    MPI_T_cvar_handle h = cvar_open("MUSTER_COLL_bcast");
    MPI_T_pvar_handle sent = pvar_open(session, "p2p_eager_sent", NULL);
    OK(MPI_T_cvar_get_index("MUSTER_COLL_bcast", &index));
    OK(MPI_T_cvar_get_info(index, NULL, NULL, NULL, NULL, &e, NULL, NULL, NULL, NULL));
    OK(MPI_T_pvar_start(session, sent));
    static const char *const words[] = {"shm", "binomial", "shm", "binomial", "auto"};
    for (int i = 0; i < 5; i++) {
        value = word_of(e, words[i]);
        OK(MPI_T_cvar_write(h, &value));
        unsigned long long before = pvar_value(session, sent);
        OK(MPI_Bcast(&data, 1, MPI_INT, 0, world));
        CHECK(data == 0);
        if (rank == 0 && i < 4 && size > 1)
            CHECK((pvar_value(session, sent) > before) == (i % 2 == 1));
    }
    OK(MPI_T_pvar_handle_free(session, &sent));
    OK(MPI_T_cvar_handle_free(&h));
}

int main(int argc, char **argv)
{
    before_init();
    begin(&argc, &argv);
    after_init();
    OK(MPI_T_pvar_session_create(&session));
    eager_limit();
    copies();
    by_numbers();
    by_algorithms();
    at_once();
    OK(MPI_T_pvar_session_free(&session));
    end();
    MPI_T_cvar_handle spins = cvar_open("MUSTER_WAIT_SPINS");
    CHECK(cvar_value(spins) == 5);
    cvar_set(spins, 6);
    CHECK(cvar_value(spins) == 6);
    OK(MPI_T_finalize());
    TFAILS(MPI_T_ERR_NOT_INITIALIZED, MPI_T_cvar_handle_free(&spins));
    return 0;
}
