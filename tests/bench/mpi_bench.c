/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_bench: one program, compiled for each MPI library, that measures what users feel. Plain C, MPI 3 only.
 *
 *     mpi_bench init | memory | pt2pt [MAX_BYTES] | coll [MAX_BYTES] | types | wait | calls [multiple] | threads |
 * outstanding
 *
 * Prints "name size value" lines on rank 0; times in microseconds, bandwidth in MB/s, rate in messages a second.
 * A value is the best of several short batches: other work on the machine makes a batch slower, never faster.
 * With no more ranks than processors each rank takes a processor of its own. Roots of rooted collectives rotate.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "measure.h"

/* Seconds that one repetition takes. */
static double measure(body *run, void *arg)
{
    return measure_for(run, arg, (struct patience){0.002, 0.15});
}

struct message {
    char *buf;
    int count;
    MPI_Datatype type;
};

static void pingpong(void *arg, int times)
{
    const struct message *m = arg;
    for (int i = 0; i < times; i++) {
        if (rank == 0) {
            MPI_Send(m->buf, m->count, m->type, 1, 1, MPI_COMM_WORLD);
            MPI_Recv(m->buf, m->count, m->type, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else if (rank == 1) {
            MPI_Recv(m->buf, m->count, m->type, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(m->buf, m->count, m->type, 0, 1, MPI_COMM_WORLD);
        }
    }
}

enum { WINDOW = 64 };

static void flood(void *arg, int times)
{
    const struct message *m = arg;
    MPI_Request r[WINDOW];
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < WINDOW && rank < 2; k++)
            if (rank == 0)
                MPI_Isend(m->buf, m->count, m->type, 1, 1, MPI_COMM_WORLD, &r[k]);
            else
                MPI_Irecv(m->buf + 8 * k * (m->count <= 8), m->count, m->type, 0, 1, MPI_COMM_WORLD, &r[k]);
        if (rank < 2)
            MPI_Waitall(WINDOW, r, MPI_STATUSES_IGNORE);
        if (rank == 1)
            MPI_Send(m->buf, 0, MPI_BYTE, 0, 2, MPI_COMM_WORLD);
        else if (rank == 0)
            MPI_Recv(m->buf, 0, MPI_BYTE, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}

static void pt2pt(long most)
{
    static const int sizes[] = {0, 8, 40, 256, 1024, 4096, 16384, 65536, 262144, MIB, 4 * MIB};
    struct message m = {calloc(1, 4 * MIB), 0, MPI_BYTE};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] <= most; i++) {
        m.count = sizes[i];
        double t = measure(pingpong, &m) / 2;
        report("latency", sizes[i], t * 1e6);
        if (sizes[i] >= 4096)
            report("bandwidth", sizes[i], sizes[i] / t * 1e-6);
    }
    m.count = 8;
    report("rate", 8, WINDOW / measure(flood, &m));
    free(m.buf);
}

struct coll {
    char *in, *out;
    int count; /* of doubles, in the block of each rank */
    int root;
};

#define COLL(name, call)                                                                                               \
    static void name(void *arg, int times)                                                                             \
    {                                                                                                                  \
        struct coll *c = arg;                                                                                          \
        for (int i = 0; i < times; i++, c->root = (c->root + 1) % size)                                                \
            call;                                                                                                      \
    }
COLL(barrier, MPI_Barrier(MPI_COMM_WORLD))
COLL(bcast, MPI_Bcast(c->in, c->count, MPI_DOUBLE, c->root, MPI_COMM_WORLD))
COLL(reduce, MPI_Reduce(c->in, c->out, c->count, MPI_DOUBLE, MPI_SUM, c->root, MPI_COMM_WORLD))
COLL(allreduce, MPI_Allreduce(c->in, c->out, c->count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
COLL(scan, MPI_Scan(c->in, c->out, c->count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
COLL(exscan, MPI_Exscan(c->in, c->out, c->count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
COLL(gather, MPI_Gather(c->in, c->count, MPI_DOUBLE, c->out, c->count, MPI_DOUBLE, c->root, MPI_COMM_WORLD))
COLL(scatter, MPI_Scatter(c->in, c->count, MPI_DOUBLE, c->out, c->count, MPI_DOUBLE, c->root, MPI_COMM_WORLD))
COLL(allgather, MPI_Allgather(c->in, c->count, MPI_DOUBLE, c->out, c->count, MPI_DOUBLE, MPI_COMM_WORLD))
COLL(alltoall, MPI_Alltoall(c->in, c->count, MPI_DOUBLE, c->out, c->count, MPI_DOUBLE, MPI_COMM_WORLD))
COLL(reduce_scatter, MPI_Reduce_scatter_block(c->in, c->out, c->count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))

/* A size is that of the longest buffer of a rank, but at least one element a block. */
static void coll(long most)
{
    static const struct {
        const char *name;
        body *run;
        int blocks; /* the buffer holds a block for each rank */
    } all[] = {{"bcast", bcast, 0},         {"reduce", reduce, 0},
               {"allreduce", allreduce, 0}, {"scan", scan, 0},
               {"exscan", exscan, 0},       {"gather", gather, 1},
               {"scatter", scatter, 1},     {"allgather", allgather, 1},
               {"alltoall", alltoall, 1},   {"reduce_scatter", reduce_scatter, 1}};
    struct coll c = {calloc(1, 2 * MIB), calloc(1, 2 * MIB), 0, 0};
    report("barrier", 0, measure(barrier, &c) * 1e6);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (long n = 8; n <= most; n = n == 8 ? 1024 : n * 32) {
            c.root = 0;
            c.count = (int)(n / 8 / (all[i].blocks ? size : 1));
            if (c.count == 0)
                c.count = 1;
            report(all[i].name, n, measure(all[i].run, &c) * 1e6);
        }
    free(c.in);
    free(c.out);
}

/* Derived types: the message with the type, beside packing by hand, sending bytes, unpacking by hand. */
struct particle {
    double x[3];
    int id;
    char pad[12];
    double v;
};

struct shape {
    const char *name;
    MPI_Datatype type;
    long bytes; /* packed */
    void (*pack)(const struct shape *s, char *mem, char *flat, int out);
    int n;
    int *index;
};

static void hand_vector(const struct shape *s, char *mem, char *flat, int out)
{
    for (int i = 0; i < s->n; i++)
        MOVE(mem + i * 32L, flat, 8);
}

static void hand_struct(const struct shape *s, char *mem, char *flat, int out)
{
    struct particle *p = (struct particle *)mem;
    for (int i = 0; i < s->n; i++) {
        MOVE((char *)&p[i].x, flat, 24);
        MOVE((char *)&p[i].id, flat, 4);
        MOVE((char *)&p[i].v, flat, 8);
    }
}

static void hand_indexed(const struct shape *s, char *mem, char *flat, int out)
{
    for (int i = 0; i < s->n; i++)
        MOVE(mem + s->index[i] * 8L, flat, 16);
}

/* Faces of a cube of doubles with edge n: x fixed (one run), y fixed (rows), z fixed (single elements). */
static void hand_face_y(const struct shape *s, char *mem, char *flat, int out)
{
    for (int x = 0; x < s->n; x++)
        MOVE(mem + (long)x * s->n * s->n * 8, flat, s->n * 8L);
}

static void hand_face_z(const struct shape *s, char *mem, char *flat, int out)
{
    for (int x = 0; x < s->n; x++)
        for (int y = 0; y < s->n; y++)
            MOVE(mem + ((long)x * s->n + y) * s->n * 8, flat, 8);
}

struct by_type {
    const struct shape *s;
    char *mem, *flat;
};

static void send_typed(void *arg, int times)
{
    struct by_type *b = arg;
    struct message m = {b->mem, 1, b->s->type};
    pingpong(&m, times);
}

static void send_by_hand(void *arg, int times)
{
    struct by_type *b = arg;
    const struct shape *s = b->s;
    for (int i = 0; i < times; i++)
        for (int turn = 0; turn < 2; turn++) {
            if (rank == turn) {
                s->pack(s, b->mem, b->flat, 1);
                MPI_Send(b->flat, (int)s->bytes, MPI_BYTE, !turn, 1, MPI_COMM_WORLD);
            } else if (rank < 2) {
                MPI_Recv(b->flat, (int)s->bytes, MPI_BYTE, turn, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                s->pack(s, b->mem, b->flat, 0);
            }
        }
}

static void shape_run(struct shape *s, long memory)
{
    char name[64];
    struct by_type b = {s, calloc(1, (size_t)memory), calloc(1, (size_t)s->bytes)};
    MPI_Type_commit(&s->type);
    snprintf(name, sizeof name, "type-%s", s->name);
    report(name, s->bytes, measure(send_typed, &b) / 2 * 1e6);
    snprintf(name, sizeof name, "hand-%s", s->name);
    report(name, s->bytes, measure(send_by_hand, &b) / 2 * 1e6);
    MPI_Type_free(&s->type);
    free(b.mem);
    free(b.flat);
}

static void shape_vector(long bytes)
{
    struct shape s = {"vector", MPI_DATATYPE_NULL, bytes, hand_vector, (int)(bytes / 8), NULL};
    MPI_Type_vector(s.n, 1, 4, MPI_DOUBLE, &s.type);
    shape_run(&s, s.n * 32L);
}

static void shape_struct(long bytes)
{
    struct shape s = {"struct", MPI_DATATYPE_NULL, 0, hand_struct, (int)(bytes / 36), NULL};
    MPI_Datatype one, sized, parts[3] = {MPI_DOUBLE, MPI_INT, MPI_DOUBLE};
    int lengths[3] = {3, 1, 1};
    MPI_Aint at[3] = {offsetof(struct particle, x), offsetof(struct particle, id), offsetof(struct particle, v)};
    s.bytes = s.n * 36L;
    MPI_Type_create_struct(3, lengths, at, parts, &one);
    MPI_Type_create_resized(one, 0, sizeof(struct particle), &sized);
    MPI_Type_contiguous(s.n, sized, &s.type);
    MPI_Type_free(&one);
    MPI_Type_free(&sized);
    shape_run(&s, s.n * (long)sizeof(struct particle));
}

static void shape_indexed(long bytes)
{
    struct shape s = {"indexed", MPI_DATATYPE_NULL, bytes, hand_indexed, (int)(bytes / 16), NULL};
    unsigned seed = 12345;
    int at = 0;
    s.index = calloc((size_t)s.n, sizeof *s.index);
    for (int i = 0; i < s.n; i++) {
        s.index[i] = at;
        seed = seed * 1103515245u + 12345u;
        at += 3 + (int)(seed >> 16) % 4;
    }
    MPI_Type_create_indexed_block(s.n, 2, s.index, MPI_DOUBLE, &s.type);
    shape_run(&s, at * 8L + 16);
    free(s.index);
}

static void shape_face(const char *name, long bytes, int which)
{
    int edge = 1;
    while ((long)(edge + 1) * (edge + 1) * (which == 1 ? edge + 1 : 1) * 8 <= bytes && edge < 160)
        edge++;
    if (which == 0) /* rows of a plane: edge * edge elements in `edge` runs */
        edge = edge > 128 ? 128 : edge;
    struct shape s = {name, MPI_DATATYPE_NULL, (long)edge * edge * 8, which ? hand_face_z : hand_face_y, edge, NULL};
    int sizes[3] = {edge, edge, edge}, sub[3] = {edge, which ? edge : 1, which ? 1 : edge}, start[3] = {0, 0, 0};
    MPI_Type_create_subarray(3, sizes, sub, start, MPI_ORDER_C, MPI_DOUBLE, &s.type);
    shape_run(&s, (long)edge * edge * edge * 8);
}

static void types(void)
{
    static const long sizes[] = {4096, 65536, MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        shape_vector(sizes[i]);
        shape_struct(sizes[i]);
        shape_indexed(sizes[i]);
        if (sizes[i] < MIB) {
            shape_face("face-rows", sizes[i], 0);
            shape_face("face-elements", sizes[i], 2);
        }
    }
}

/* Memory that only this process has, in KiB. */
static void memory(void)
{
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long kib, mine = 0, most = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Private_Clean: %ld", &kib) == 1 || sscanf(line, "Private_Dirty: %ld", &kib) == 1)
            mine += kib;
    if (f)
        fclose(f);
    MPI_Reduce(&mine, &most, 1, MPI_LONG, MPI_MAX, 0, MPI_COMM_WORLD);
    report("memory", size, (double)most);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Rank 0 computes, the others wait in MPI_Recv: what they burn, what rank 0 loses, and how fast they wake. */
static void waiting(double seconds)
{
    double stamp = 0, got = 0, most, burnt, share, *wake = calloc((size_t)size, sizeof *wake);
    volatile double x = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    double cpu = cpu_seconds(), begin = now();
    if (rank == 0) {
        while (now() - begin < seconds)
            for (int i = 0; i < 10000; i++)
                x = x + i;
        double wall = now() - begin;
        share = (cpu_seconds() - cpu) / wall;
        for (int r = 1; r < size; r++) {
            stamp = now();
            MPI_Send(&stamp, 1, MPI_DOUBLE, r, 3, MPI_COMM_WORLD);
            MPI_Recv(&got, 1, MPI_DOUBLE, r, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            wake[r] = got;
        }
        qsort(wake, (size_t)size, sizeof *wake, rising); /* wake[0], of rank 0, is 0 */
    } else {
        MPI_Recv(&stamp, 1, MPI_DOUBLE, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        got = now() - stamp; /* one clock for the node */
        MPI_Send(&got, 1, MPI_DOUBLE, 0, 4, MPI_COMM_WORLD);
        share = 0;
    }
    burnt = rank ? (cpu_seconds() - cpu) / (now() - begin) * 100 : 0;
    MPI_Reduce(&burnt, &most, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    report("wait-burnt-percent", size, most);
    report("wait-computing-share", size, share);
    report("wait-wake-up", size, wake[size / 2] * 1e6);
    report("wait-wake-up-slowest", size, wake[size - 1] * 1e6);
    free(wake);
}

/* Small calls, where a lock would be felt. */
static void calls(void)
{
    char in[512] = {0}, out[512] = {0};
    struct message m = {in, 8, MPI_BYTE};
    struct coll c = {in, out, 1, 0};
    report("calls-latency", 8, measure(pingpong, &m) / 2 * 1e6);
    report("calls-send", 8, measure(flood, &m) / WINDOW * 1e6);
    report("calls-barrier", 0, measure(barrier, &c) * 1e6);
    report("calls-bcast", 8, measure(bcast, &c) * 1e6);
    report("calls-allreduce", 8, measure(allreduce, &c) * 1e6);
}

/* Two threads of each of two ranks, each with its partner. */
enum { TWO_TIMES = 2000 };

static void *play(void *tag)
{
    char buf[8] = {0};
    int t = *(int *)tag;
    for (int i = 0; i < TWO_TIMES; i++)
        for (int turn = 0; turn < 2; turn++)
            if (rank == turn)
                MPI_Send(buf, 8, MPI_BYTE, !turn, t, MPI_COMM_WORLD);
            else
                MPI_Recv(buf, 8, MPI_BYTE, turn, t, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return NULL;
}

static void two_threads(void *arg, int times)
{
    static int tags[2] = {1, 2};
    for (int i = 0; i < times && rank < 2; i++) {
        pthread_t other;
        pthread_create(&other, NULL, play, &tags[0]);
        play(&tags[1]);
        pthread_join(other, NULL);
    }
}

static void *await(void *to_me)
{
    char buf[8];
    MPI_Recv(buf, 8, MPI_BYTE, MPI_ANY_SOURCE, 9, *(MPI_Comm *)to_me, MPI_STATUS_IGNORE);
    return NULL;
}

/* One of many: the last one comes. */
static void *await_any(void *to_me)
{
    enum { MANY = 1000 };
    static char buf[8];
    static MPI_Request r[MANY];
    int which;
    for (int i = 0; i < MANY; i++)
        MPI_Irecv(buf, 8, MPI_BYTE, MPI_ANY_SOURCE, i < MANY - 1 ? 10 + i : 9, *(MPI_Comm *)to_me, &r[i]);
    MPI_Waitany(MANY, r, &which, MPI_STATUS_IGNORE);
    for (int i = 0; i < MANY - 1; i++) {
        MPI_Cancel(&r[i]);
        MPI_Wait(&r[i], MPI_STATUS_IGNORE);
    }
    return NULL;
}

/* The same for one thread while another one waits for a message that comes at the end. */
static void one_waits(const char *name, void *(*wait)(void *))
{
    char buf[8] = {0};
    struct message m = {buf, 8, MPI_BYTE};
    MPI_Comm own;
    pthread_t other;
    MPI_Comm_dup(MPI_COMM_WORLD, &own);
    pthread_create(&other, NULL, wait, &own);
    usleep(20000);
    report(name, 8, measure(pingpong, &m) / 2 * 1e6);
    usleep(20000);
    MPI_Send(buf, 8, MPI_BYTE, (rank + 1) % size, 9, own);
    pthread_join(other, NULL);
    MPI_Comm_free(&own);
}

static void threads(void)
{
    report("threads-latency", 8, measure(two_threads, NULL) / 2 / TWO_TIMES * 1e6);
    one_waits("threads-beside-waiting", await);
    one_waits("threads-beside-waitany", await_any);
}

/* What many operations under way, to which nothing happens, cost all else: rank 0 has them, rank 1 joins at the end. */
enum { OUTSTANDING = 1000 };

static MPI_Comm beside; /* where they are */
static long one = 1, sums[OUTSTANDING];

static void begin_barrier(int i, MPI_Request *r)
{
    MPI_Ibarrier(beside, r);
}

static void begin_allreduce(int i, MPI_Request *r)
{
    MPI_Iallreduce(&one, &sums[i], 1, MPI_LONG, MPI_SUM, beside, r);
}

static void begin_recv(int i, MPI_Request *r)
{
    MPI_Irecv(&sums[i], 1, MPI_LONG, !rank, rank, beside, r);
    MPI_Send(&one, 1, MPI_LONG, !rank, !rank, beside);
}

#if MPI_VERSION >= 4
static void begin_sendrecv(int i, MPI_Request *r)
{
    MPI_Isendrecv(&one, 1, MPI_LONG, !rank, !rank, &sums[i], 1, MPI_LONG, !rank, rank, beside, r);
}
#endif

/* Each time once through what a library does for progress. */
static void testing(void *arg, int times)
{
    int flag;
    for (int i = 0; i < times && rank == 0; i++)
        MPI_Test(arg, &flag, MPI_STATUS_IGNORE);
}

static void outstanding_run(const char *name, void (*begin)(int, MPI_Request *))
{
    static MPI_Request r[OUTSTANDING];
    char buf[8] = {0}, label[64];
    struct message m = {buf, 8, MPI_BYTE};
    MPI_Request never;
    MPI_Irecv(buf, 0, MPI_BYTE, 0, 0, MPI_COMM_SELF, &never);
    for (int i = 0; begin && rank == 0 && i < OUTSTANDING; i++)
        begin(i, &r[i]);
    snprintf(label, sizeof label, "outstanding-%s", name);
    report(label, 8, measure(pingpong, &m) / 2 * 1e6);
    snprintf(label, sizeof label, "test-beside-%s", name);
    report(label, 0, measure(testing, &never) * 1e6);
    for (int i = 0; begin && rank == 1 && i < OUTSTANDING; i++)
        begin(i, &r[i]);
    if (begin && rank < 2)
        MPI_Waitall(OUTSTANDING, r, MPI_STATUSES_IGNORE);
    MPI_Cancel(&never);
    MPI_Wait(&never, MPI_STATUS_IGNORE);
}

static void outstanding(void)
{
    MPI_Comm_split(MPI_COMM_WORLD, rank < 2 ? 0 : MPI_UNDEFINED, rank, &beside);
    outstanding_run("none", NULL);
    outstanding_run("irecv", begin_recv);
    outstanding_run("ibarrier", begin_barrier);
    outstanding_run("iallreduce", begin_allreduce);
#if MPI_VERSION >= 4
    outstanding_run("isendrecv", begin_sendrecv);
#endif
    MPI_Comm_free(&beside);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "pt2pt";
    int level = strcmp(what, "threads") == 0 || (argc > 2 && strcmp(argv[2], "multiple") == 0) ? MPI_THREAD_MULTIPLE
                                                                                               : MPI_THREAD_SINGLE;
    int provided;
    MPI_Init_thread(&argc, &argv, level, &provided);
    if (provided < level)
        MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (strcmp(what, "memory") == 0)
        memory();
    else if (strcmp(what, "wait") == 0)
        waiting(argc > 2 ? atof(argv[2]) : 2);
    else if (strcmp(what, "init") != 0) {
        pin();
        if (strcmp(what, "pt2pt") == 0)
            pt2pt(argc > 2 ? atol(argv[2]) : 4 * MIB);
        else if (strcmp(what, "coll") == 0)
            coll(argc > 2 ? atol(argv[2]) : MIB);
        else if (strcmp(what, "types") == 0)
            types();
        else if (strcmp(what, "calls") == 0)
            calls();
        else if (strcmp(what, "threads") == 0)
            threads();
        else if (strcmp(what, "outstanding") == 0)
            outstanding();
    }
    MPI_Finalize();
    return 0;
}
