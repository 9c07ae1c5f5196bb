/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Long messages of blocks with gaps, small and large ones, to and from bytes and other blocks; many at once, again and
 * again, cut short; and no second copy of a very long one. */
#include <sys/resource.h>
#include "../check.h"

enum { MOST = 1 << 20, MANY = 40, LONG = 48 << 20 };

/* Blocks of so many bytes, as far apart as two and something. */
struct shape {
    int block, count, stride;
    MPI_Datatype type;
};

static struct shape shape_of(int block, int bytes)
{
    struct shape s = {.block = block, .count = bytes / block, .stride = 2 * block + 3};
    OK(MPI_Type_vector(s.count, block, s.stride, MPI_BYTE, &s.type));
    OK(MPI_Type_commit(&s.type));
    return s;
}

static size_t place(const struct shape *s, size_t i)
{
    return i / (size_t)s->block * (size_t)s->stride + i % (size_t)s->block;
}

static size_t span(const struct shape *s)
{
    return (size_t)s->count * (size_t)s->stride;
}

static unsigned char byte(size_t i, int seed)
{
    return (unsigned char)(i * 7 + i / 251 + (size_t)seed);
}

static unsigned char *filled(const struct shape *s, int seed)
{
    unsigned char *p = malloc(span(s));
    CHECK(p);
    memset(p, 0xee, span(s));
    for (size_t i = 0; i < (size_t)s->block * (size_t)s->count; i++)
        p[place(s, i)] = byte(i, seed);
    return p;
}

static unsigned char *empty(const struct shape *s)
{
    unsigned char *p = malloc(span(s));
    CHECK(p);
    memset(p, 0x11, span(s));
    return p;
}

/* n bytes have come, and nothing else was touched. */
static bool has(const struct shape *s, const unsigned char *p, size_t n, int seed)
{
    size_t i = 0;
    for (size_t at = 0; at < span(s); at++) {
        bool inside = at % (size_t)s->stride < (size_t)s->block && i < n;
        if (p[at] != (inside ? byte(i, seed) : 0x11))
            return false;
        i += at % (size_t)s->stride < (size_t)s->block;
    }
    return true;
}

static int peer; /* the other one of two; -1: there is none */

static void exchange(struct shape *from, struct shape *to)
{
    unsigned char *out = filled(from, rank), *in = empty(to);
    int n = from->block * from->count;
    MPI_Status st;
    OK(MPI_Sendrecv(out, 1, from->type, peer, 1, in, 1, to->type, peer, 1, world, &st));
    CHECK(has(to, in, (size_t)n, peer));
    int got;
    OK(MPI_Get_count(&st, MPI_BYTE, &got));
    CHECK(got == n);
    free(out);
    free(in);
}

static void each_pair(void)
{
    static const int blocks[] = {1, 8, 255, 1000, 1024, 4100, 70000, MOST};
    enum { N = sizeof blocks / sizeof *blocks };
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            if (blocks[i] == 1 && blocks[k] == 1)
                continue;
            /* what the one sends fits into what the other has */
            int bytes = i % 2 ? MOST : 100000;
            struct shape from = shape_of(blocks[i], bytes < blocks[i] ? blocks[i] : bytes);
            int n = from.block * from.count;
            struct shape to = shape_of(blocks[k], (n + blocks[k] - 1) / blocks[k] * blocks[k]);
            exchange(&from, &to);
            OK(MPI_Type_free(&from.type));
            OK(MPI_Type_free(&to.type));
        }
}

/* They take turns in the place where small blocks are packed, and more than have buffers come into small ones. */
static void many_at_once(void)
{
    struct shape small = shape_of(24, 150000), other = shape_of(40, 150000);
    unsigned char *out[MANY], *in[MANY];
    MPI_Request r[2 * MANY];
    for (int i = 0; i < MANY; i++) {
        out[i] = filled(&small, rank + i);
        in[i] = empty(&other);
        OK(MPI_Irecv(in[i], 1, other.type, peer, i, world, &r[MANY + i]));
    }
    for (int i = 0; i < MANY; i++)
        OK(MPI_Isend(out[i], 1, small.type, peer, i, world, &r[i]));
    OK(MPI_Waitall(2 * MANY, r, MPI_STATUSES_IGNORE));
    for (int i = 0; i < MANY; i++) {
        CHECK(has(&other, in[i], 150000, peer + i));
        free(out[i]);
        free(in[i]);
    }
    OK(MPI_Type_free(&small.type));
    OK(MPI_Type_free(&other.type));
}

/* The same request from the same place: what was packed the last time is not sent again. */
static void again(void)
{
    enum { TIMES = 6, BYTES = 99999 };
    struct shape s = shape_of(9, BYTES);
    unsigned char *out = filled(&s, 0), *in = malloc(BYTES);
    MPI_Request r[2];
    OK(MPI_Send_init(out, 1, s.type, peer, 3, world, &r[0]));
    OK(MPI_Recv_init(in, BYTES, MPI_BYTE, peer, 3, world, &r[1]));
    for (int t = 0; t < TIMES; t++) {
        for (size_t i = 0; i < BYTES; i++)
            out[place(&s, i)] = byte(i, rank + 100 * t);
        OK(MPI_Startall(2, r));
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        for (size_t i = 0; i < BYTES; i++)
            CHECK(in[i] == byte(i, peer + 100 * t));
    }
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
    OK(MPI_Type_free(&s.type));
    free(out);
    free(in);
}

static void cut_short(void)
{
    struct shape s = shape_of(16, 1 << 20), less = shape_of(48, 48 * 4000);
    unsigned char *out = filled(&s, rank), *in = empty(&less);
    MPI_Request r;
    OK(MPI_Isend(out, 1, s.type, peer, 4, world, &r));
    FAILS(MPI_ERR_TRUNCATE, MPI_Recv(in, 1, less.type, peer, 4, world, MPI_STATUS_IGNORE));
    CHECK(has(&less, in, 48 * 4000, peer));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Type_free(&s.type));
    OK(MPI_Type_free(&less.type));
    free(out);
    free(in);
}

static long peak_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* From small blocks to small blocks. A sanitizer has memory of its own. */
static void no_copy(void)
{
    enum { SOME = 16 << 10 };
    struct shape s = shape_of(64, LONG);
    unsigned char *p = rank < peer ? filled(&s, rank) : empty(&s);
    long before = peak_kib();
    if (rank < peer)
        OK(MPI_Send(p, 1, s.type, peer, 5, world));
    else
        OK(MPI_Recv(p, 1, s.type, peer, 5, world, MPI_STATUS_IGNORE));
    long more = peak_kib() - before;
    if (rank > peer)
        CHECK(has(&s, p, LONG, peer));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(more < SOME);
#endif
    (void)more;
    free(p);
    OK(MPI_Type_free(&s.type));
}

/* The first with the last: of other nodes, if there are several. */
int main(int argc, char **argv)
{
    begin(&argc, &argv);
    peer = size - 1 - rank;
    if (peer != rank) {
        each_pair();
        many_at_once();
        again();
        cut_short();
    }
    if (peer != rank && (rank == 0 || peer == 0))
        no_copy();
    return end();
}
