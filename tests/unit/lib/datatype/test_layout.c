/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Layouts against a list of the places of all bytes: random ones, whole and in parts; far apart; and longer than any
 * memory. */
#include "lib/datatype/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

enum { MOST = 30000 };

struct map {
    int n;
    int at[MOST]; /* of each byte of the packed stream */
    int lo, hi;
};

static unsigned seed = 7;
static bool all_ok = true;

static int pick(int n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return (int)(seed % (unsigned)n);
}

static void map_add(struct map *m, const struct map *child, int disp)
{
    m->lo = m->n && m->lo < child->lo + disp ? m->lo : child->lo + disp;
    m->hi = m->n && m->hi > child->hi + disp ? m->hi : child->hi + disp;
    for (int i = 0; i < child->n; i++)
        m->at[m->n++] = child->at[i] + disp;
}

static struct placed run(MPI_Count disp, MPI_Count size)
{
    return (struct placed){disp, size, NULL};
}

static struct placed make_run(struct map *m, int size)
{
    m->n = size, m->lo = 0, m->hi = size;
    for (int i = 0; i < size; i++)
        m->at[i] = i;
    return run(0, size);
}

static int some_size(void)
{
    static const int sizes[] = {1,  2,  3,  4,  4,  5,  7,  8,  8,  8,  9,  12, 15,
                                16, 17, 20, 24, 28, 32, 33, 48, 63, 64, 65, 100};
    return sizes[pick(sizeof sizes / sizeof *sizes)];
}

static struct placed copy_of(struct placed p)
{
    layout_ref(p.layout);
    return p;
}

static struct placed make(int depth, struct map *m);

static struct placed make_loop(struct map *m, const struct map *child, struct placed p)
{
    int span = child->hi - child->lo, most = MOST / 4 / child->n,
        count = most < 2 ? 1 : 1 + pick(most < 300 ? most : 300);
    int stride = span + (pick(3) ? pick(20) : 0);
    stride = pick(4) ? stride : -stride;
    m->n = 0;
    for (int i = 0; i < count; i++)
        map_add(m, child, i * stride);
    return placed_loop(count, stride, p, &all_ok);
}

/* Runs of sizes that change now and then. */
static struct placed make_runs(struct map *m)
{
    static struct map one;
    struct placed items[400];
    int n = 1 + pick(pick(2) ? 8 : 400), at = 0, size = some_size(), change = 1 + pick(60);
    bool back = pick(3) == 0, even = pick(3) == 0;
    m->n = 0;
    for (int i = 0; i < n; i++) {
        if (m->n + 100 > MOST / 4) {
            n = i;
            break;
        }
        if (pick(change) == 0)
            size = some_size();
        items[i] = make_run(&one, size);
        items[i].disp = back ? -at - size : at;
        map_add(m, &one, (int)items[i].disp);
        at += size + (even ? 8 : pick(4) ? pick(30) : 0);
    }
    return placed_list(items, n, &all_ok);
}

/* Runs and other things by turns; sometimes one thing again and again. */
static struct placed make_list(int depth, struct map *m)
{
    struct placed items[6], p;
    struct map *child = malloc(sizeof *child);
    int n = 1 + pick(6), at = 0, gap = pick(20);
    bool one = pick(2), even = pick(2);
    p = make(depth - 1, child);
    m->n = 0;
    for (int i = 0; i < n; i++) {
        if (!one && i > 0) {
            layout_unref(p.layout);
            p = pick(2) ? make_run(child, some_size()) : make(depth - 1, child);
        }
        if (i > 0 && m->n + child->n > MOST / 2) {
            n = i;
            break;
        }
        items[i] = copy_of(p);
        items[i].disp += at - child->lo;
        map_add(m, child, at - child->lo);
        at += child->hi - child->lo + (even ? gap : pick(30));
    }
    layout_unref(p.layout);
    free(child);
    return placed_list(items, n, &all_ok);
}

static struct placed make(int depth, struct map *m)
{
    struct map *child;
    struct placed p;
    if (depth == 0)
        return pick(3) ? make_runs(m) : make_run(m, some_size());
    if (pick(2))
        return make_list(depth, m);
    child = malloc(sizeof *child);
    p = make_loop(m, child, make(depth - 1, child));
    free(child);
    return p;
}

/* Which kinds and which sizes in a loop have come by. */
static bool seen[LAYOUT_LIST + 1][66];

static void see(const struct layout *l)
{
    if (l->kind == LAYOUT_LIST)
        for (MPI_Count i = 0; i < l->count; i++)
            if (l->pieces[i].child)
                see(l->pieces[i].child);
    if (l->kind == LAYOUT_LOOP && l->child)
        see(l->child);
    bool one_size = l->kind == LAYOUT_BLOCKS || (l->kind == LAYOUT_LOOP && !l->child);
    seen[l->kind][one_size ? l->each < 65 ? l->each : 65 : 0] = true;
}

struct memory {
    char *all, *base; /* base: where displacement 0 of the first element is */
    size_t n;
};

static struct memory memory_new(const struct map *m, int count, int extent)
{
    int reach = (count - 1) * extent, lo = reach < 0 ? reach : 0, hi = reach < 0 ? 0 : reach;
    struct memory x = {.n = (size_t)(m->hi - m->lo + hi - lo)};
    x.all = malloc(x.n); /* exactly: what lies beside it is not to be touched */
    x.base = x.all - m->lo - lo;
    for (size_t i = 0; i < x.n; i++)
        x.all[i] = (char)(seed = seed * 1103515245u + 12345u, seed >> 24);
    return x;
}

static char *byte_at(const struct memory *x, const struct map *m, int extent, int i)
{
    return x->base + i / m->n * extent + m->at[i % m->n];
}

static void check_part(const struct placed *p, const struct map *m, int extent, const struct memory *x, int from, int n)
{
    char *flat = malloc((size_t)n + 1);
    flat[n] = 0x55;
    layout_pack(p->layout, extent, x->base + p->disp, from, flat, (size_t)n);
    assert_int_equal(flat[n], 0x55);
    for (int i = 0; i < n; i++)
        assert_int_equal(flat[i], *byte_at(x, m, extent, from + i));
    char *old = malloc(x->n);
    memcpy(old, x->all, x->n);
    for (int i = 0; i < n; i++)
        flat[i] = (char)~flat[i];
    layout_unpack(p->layout, extent, x->base + p->disp, from, flat, (size_t)n);
    for (int i = 0; i < n; i++) {
        char *c = byte_at(x, m, extent, from + i);
        assert_int_equal(*c, flat[i]);
        *c = (char)~*c;
    }
    assert_memory_equal(old, x->all, x->n);
    free(old);
    free(flat);
}

static void check_pieces(const struct placed *p, const struct map *m, int extent, const struct memory *x, int from,
                         int n)
{
    struct iovec v[64];
    for (int most = 1 + pick(64), done = 0; done < n;) {
        size_t covered = (size_t)(n - done);
        int k = layout_pieces(p->layout, extent, x->base + p->disp, from + done, &covered, v, most);
        assert_true(k >= 1 && k <= most && covered > 0);
        for (int i = 0; i < k; i++)
            for (size_t b = 0; b < v[i].iov_len; b++, done++, covered--)
                assert_ptr_equal((char *)v[i].iov_base + b, byte_at(x, m, extent, from + done));
        assert_int_equal(covered, 0);
    }
}

static void random_layouts(void **state)
{
    static struct map m;
    for (int turn = 0; turn < 1500; turn++) {
        struct placed p = make(pick(4), &m);
        p.layout = placed_layout(p, &all_ok);
        int count = 1 + pick(3), extent = m.hi - m.lo + pick(10);
        extent = pick(3) ? extent : -extent;
        assert_true(all_ok);
        assert_int_equal(p.layout->size, m.n);
        see(p.layout);
        struct memory x = memory_new(&m, count, extent);
        check_part(&p, &m, extent, &x, 0, m.n * count);
        for (int k = 0; k < 6; k++) {
            int from = pick(m.n * count), n = 1 + pick(m.n * count - from);
            check_part(&p, &m, extent, &x, from, pick(2) ? n : 1 + n % 50 % (m.n * count - from));
            check_pieces(&p, &m, extent, &x, from, n);
        }
        free(x.all);
        layout_unref(p.layout);
    }
    static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 28, 32, 33, 64, 65};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_true(seen[LAYOUT_LOOP][sizes[i]] && seen[LAYOUT_BLOCKS][sizes[i]]);
    assert_true(seen[LAYOUT_RUNS][0] && seen[LAYOUT_LIST][0] && seen[LAYOUT_LOOP][0]);
}

/* What a constructor says in many words becomes few. */
static void compiled(void **state)
{
    struct placed items[100], p;
    for (int i = 0; i < 3; i++) /* x[3] and id touch; a gap; v */
        items[i] = run((int[]){0, 24, 40}[i], (int[]){24, 4, 8}[i]);
    p = placed_loop(1000, 48, placed_list(items, 3, &all_ok), &all_ok);
    assert_int_equal(p.layout->kind, LAYOUT_LOOP);
    assert_int_equal(p.layout->child->kind, LAYOUT_RUNS);
    assert_int_equal(p.layout->child->count, 2);
    layout_unref(p.layout);

    for (int i = 0; i < 100; i++)
        items[i] = run(16 * i, 8);
    p = placed_list(items, 100, &all_ok); /* regular */
    assert_int_equal(p.layout->kind, LAYOUT_LOOP);
    p = placed_loop(10, 1600, p, &all_ok); /* and goes on */
    assert_int_equal(p.layout->count, 1000);
    layout_unref(p.layout);

    for (int i = 0; i < 100; i++)
        items[i] = run(16 * i + i % 3, 8);
    p = placed_list(items, 100, &all_ok);
    assert_int_equal(p.layout->kind, LAYOUT_BLOCKS);
    layout_unref(p.layout);

    p = placed_loop(5, 100, placed_loop(4, 24, run(0, 8), &all_ok), &all_ok); /* a record of four */
    assert_int_equal(p.layout->child->kind, LAYOUT_BLOCKS);
    layout_unref(p.layout);
    assert_true(all_ok);
}

/* Farther apart than 32 bits tell. */
static void far_apart(void **state)
{
    const size_t room = (size_t)40 << 30;
    char *base = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        skip();
    enum { N = 60 };
    struct placed items[N];
    MPI_Count at[N];
    char flat[8 * N], back[8 * N];
    for (int i = 0; i < N; i++) {
        at[i] = (MPI_Count)(i * 37 % N) * 700000000 + pick(1000) * 8;
        memset(base + at[i], i + 1, 8);
        items[i] = run(at[i], 8);
    }
    struct placed p = placed_list(items, N, &all_ok);
    for (int from = 0; from < 8 * N; from += 1 + pick(30)) {
        size_t n = (size_t)(8 * N - from);
        layout_pack(p.layout, 0, base + p.disp, from, flat, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(flat[i], (from + (int)i) / 8 + 1);
    }
    for (int i = 0; i < 8 * N; i++)
        flat[i] = (char)(i * 3);
    layout_unpack(p.layout, 0, base + p.disp, 0, flat, 8 * N);
    for (int i = 0; i < N; i++)
        memcpy(back + 8 * i, base + at[i], 8);
    assert_memory_equal(flat, back, 8 * N);
    layout_unref(p.layout);
    munmap(base, room);
}

static void piece_is(const struct placed *p, MPI_Count from, size_t n, MPI_Count disp, size_t length)
{
    struct iovec v;
    assert_int_equal(layout_pieces(p->layout, p->layout->size, (char *)(4096 + p->disp), from, &n, &v, 1), 1);
    assert_int_equal((MPI_Count)(uintptr_t)v.iov_base, 4096 + disp);
    assert_int_equal(v.iov_len, length);
}

/* More bytes than there is memory: where they lie is known all the same. */
static void large(void **state)
{
    const MPI_Count G = (MPI_Count)1 << 30;
    struct placed p = placed_loop(10 * G, 32, run(0, 8), &all_ok);
    assert_int_equal(p.layout->size, 80 * G);
    piece_is(&p, 0, 100, 0, 8);
    piece_is(&p, 72 * G + 3, 100, 9 * G * 32 + 3, 5);
    layout_unref(p.layout);

    struct placed items[6];
    for (int i = 0; i < 6; i++) /* the first four by 32 bits, as far as they go */
        items[i] = run(i * 4 * G, i == 4 ? 5 * G / 2 : i == 5 ? 5 * G : 4 + i);
    items[5].disp = 40 * G;
    p = placed_list(items, 6, &all_ok);
    piece_is(&p, 0, 100, 0, 4);
    piece_is(&p, 5, 100, 4 * G + 1, 4);
    piece_is(&p, 15, 100, 12 * G, 7);
    piece_is(&p, 22 + 2 * G, (size_t)G, 18 * G, (size_t)G / 2);
    piece_is(&p, 22 + 5 * G / 2 + 3 * G, (size_t)4 * G, 43 * G, (size_t)2 * G);
    layout_unref(p.layout);

    for (int i = 0; i < 6; i++) /* the stream of them is longer than 32 bits */
        items[i] = run(i * G + (i & 1), G - 5);
    p = placed_list(items, 6, &all_ok);
    assert_int_equal(p.layout->size, 6 * (G - 5));
    for (int i = 0; i < 6; i++)
        piece_is(&p, i * (G - 5) + 1, (size_t)G, i * G + (i & 1) + 1, (size_t)G - 6);
    layout_unref(p.layout);
    assert_true(all_ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_layouts), cmocka_unit_test(compiled),
                                       cmocka_unit_test(far_apart), cmocka_unit_test(large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
