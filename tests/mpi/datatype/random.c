/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The datatype engine against a naive one: random types are built twice, by MPI and as a plain list of the places of
 * all bytes, and sizes, bounds, packing and unpacking must agree; then they travel to the next rank, typed to typed,
 * typed to bytes and bytes to typed, also in so many pieces that they are cut anywhere. */
#include "../check.h"

enum { MOST = 60000, LONG = 20000 };
struct map {
    int n;
    long at[MOST];   /* of each byte in order */
    bool ends[MOST]; /* with that byte a basic element is complete */
    long lb, ub;
    long mark_lb, mark_ub; /* as resized types set them: they win */
    int align;
    bool any, marked;
};

static unsigned seed = 99;
static int pick(int n)
{
    return (int)(draw(&seed) % (unsigned)n);
}

static long extent_of(const struct map *m)
{
    return m->ub - m->lb;
}

static void basic(MPI_Datatype *t, struct map *m)
{
    static const struct {
        MPI_Datatype type;
        int first, at, second, extent, align;
    } all[] = {{MPI_CHAR, 1, 0, 0, 1, 1},
               {MPI_SHORT, 2, 0, 0, 2, 2},
               {MPI_INT, 4, 0, 0, 4, 4},
               {MPI_DOUBLE, 8, 0, 0, 8, 8},
               {MPI_C_DOUBLE_COMPLEX, 16, 0, 0, 16, 8},
               {MPI_2INT, 4, 4, 4, 8, 4},
               {MPI_SHORT_INT, 2, 4, 4, 8, 4},
               {MPI_DOUBLE_INT, 8, 8, 4, 16, 8}};
    int k = pick(sizeof all / sizeof *all);
    OK(MPI_Type_dup(all[k].type, t));
    *m = (struct map){.ub = all[k].extent, .align = all[k].align, .any = true};
    for (int i = 0; i < all[k].first; i++)
        m->at[m->n++] = i;
    for (int i = 0; i < all[k].second; i++)
        m->at[m->n++] = all[k].at + i;
    m->ends[all[k].first - 1] = m->ends[m->n - 1] = true;
}

static void widen(bool *any, long *lb, long *ub, long lo, long hi)
{
    *lb = *any && *lb < lo ? *lb : lo;
    *ub = *any && *ub > hi ? *ub : hi;
    *any = true;
}

/* n copies of o, extent apart, from disp on. */
static void place(struct map *m, const struct map *o, long disp, int n)
{
    for (int k = 0; k < n; k++, disp += extent_of(o)) {
        CHECK(m->n + o->n <= MOST);
        for (int i = 0; i < o->n; i++) {
            m->ends[m->n] = o->ends[i];
            m->at[m->n++] = disp + o->at[i];
        }
        if (o->marked)
            widen(&m->marked, &m->mark_lb, &m->mark_ub, disp + o->lb, disp + o->ub);
        widen(&m->any, &m->lb, &m->ub, disp + o->lb, disp + o->ub);
        m->align = o->align > m->align ? o->align : m->align;
    }
}

static void span(const struct map *m, long *lo, long *hi)
{
    *lo = *hi = m->n ? m->at[0] : 0;
    for (int i = 0; i < m->n; i++) {
        *lo = m->at[i] < *lo ? m->at[i] : *lo;
        *hi = m->at[i] + 1 > *hi ? m->at[i] + 1 : *hi;
    }
}

static void set_bounds(struct map *m, long lb, long extent)
{
    m->marked = m->any = true;
    m->mark_lb = m->lb = lb;
    m->mark_ub = m->ub = lb + extent;
}

/* Blocks that do not overlap, in any order, before and behind the origin. */
enum { BLOCKS = 40 };
struct blocks {
    int n, lengths[BLOCKS], length;
    int disps[BLOCKS];
    MPI_Aint bytes[BLOCKS];
};

static void blocks_draw(struct blocks *b, const struct map *o)
{
    int most = MOST / 8 / (o->n * 3);
    int at = -pick(5), shift = 0;
    bool back = pick(3) == 0;
    b->n = pick(4) ? 1 + pick(4) : 1 + pick(BLOCKS);
    b->n = b->n > most ? 1 : b->n;
    b->length = pick(3);
    bool streak = most >= BLOCKS && pick(4) == 0; /* so many of one length on end that they are kept by themselves */
    b->n = streak ? BLOCKS : b->n;
    for (int i = 0; i < b->n; i++) {
        int k = back ? b->n - 1 - i : i;
        b->lengths[k] = streak ? 1 + (i > BLOCKS - 6) : pick(3);
        b->disps[k] = at;
        b->bytes[k] = at * extent_of(o) + (shift += pick(2) * 8);
        at += 3 + pick(3);
    }
}

static void place_blocks(struct map *m, const struct map *o, const struct blocks *b, bool bytes, bool one_length)
{
    for (int i = 0; i < b->n; i++)
        place(m, o, bytes ? b->bytes[i] : b->disps[i] * extent_of(o), one_length ? b->length : b->lengths[i]);
}

typedef void maker(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m);

static void contiguous(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    int n = 1 + pick(4);
    OK(MPI_Type_contiguous(n, old, t));
    place(m, o, 0, n);
}

static int many(const struct map *o)
{
    int most = MOST / 8 / (o->n * 3);
    return most > 1 && pick(3) == 0 ? 1 + pick(most) : 1 + pick(4);
}

static void vector(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    int count = many(o), length = pick(4), stride = (pick(3) ? 1 : -1) * (length + pick(2));
    OK(MPI_Type_vector(count, length, stride, old, t));
    for (int i = 0; i < count; i++)
        place(m, o, i * stride * extent_of(o), length);
}

static void hvector(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    int count = many(o), length = pick(3);
    long stride = (pick(3) ? 1 : -1) * (length * extent_of(o) + pick(3) * 8);
    OK(MPI_Type_create_hvector(count, length, stride, old, t));
    for (int i = 0; i < count; i++)
        place(m, o, i * stride, length);
}

static void indexed(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    struct blocks b;
    blocks_draw(&b, o);
    OK(MPI_Type_indexed(b.n, b.lengths, b.disps, old, t));
    place_blocks(m, o, &b, false, false);
}

static void hindexed(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    struct blocks b;
    blocks_draw(&b, o);
    OK(MPI_Type_create_hindexed(b.n, b.lengths, b.bytes, old, t));
    place_blocks(m, o, &b, true, false);
}

static void indexed_block(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    struct blocks b;
    blocks_draw(&b, o);
    OK(MPI_Type_create_indexed_block(b.n, b.length, b.disps, old, t));
    place_blocks(m, o, &b, false, true);
}

static void hindexed_block(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    struct blocks b;
    blocks_draw(&b, o);
    OK(MPI_Type_create_hindexed_block(b.n, b.length, b.bytes, old, t));
    place_blocks(m, o, &b, true, true);
}

static void resized(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    long lb = pick(33) - 16, extent = extent_of(o) + pick(3) * 8;
    OK(MPI_Type_create_resized(old, lb, extent, t));
    *m = *o;
    set_bounds(m, lb, extent);
}

/* The old type, predefined ones, and pads, one behind the other. */
static void structure(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    static struct map other;
    int n = 1 + pick(5), lengths[5];
    long at = -pick(3) * 8, lo, hi;
    MPI_Aint bytes[5];
    MPI_Datatype types[5], own[5];
    int owned = 0;
    for (int i = 0; i < n; i++) {
        bool basic_one = pick(2);
        if (basic_one)
            basic(&own[owned], &other);
        const struct map *x = basic_one ? &other : o;
        types[i] = basic_one ? own[owned++] : old;
        lengths[i] = pick(3);
        span(x, &lo, &hi);
        bytes[i] = at - lo;
        place(m, x, bytes[i], lengths[i]);
        at = bytes[i] + hi + lengths[i] * extent_of(x) + pick(2) * 4;
    }
    OK(MPI_Type_create_struct(n, lengths, bytes, types, t));
    while (owned > 0)
        OK(MPI_Type_free(&own[--owned]));
    if (m->align > 1 && extent_of(m) % m->align)
        m->ub += m->align - extent_of(m) % m->align;
}

/* Arrays: each index of the whole, in the order of memory, if it is ours. */
enum { DIMS = 3 };
typedef bool ours(const void *arg, int dim, int index);

static void place_array(struct map *m, const struct map *o, const int *sizes, int order, ours *is_ours, const void *arg)
{
    int total = sizes[0] * sizes[1] * sizes[2];
    for (int i = 0; i < total; i++) {
        bool mine = true;
        for (int k = 0, left = i; k < DIMS; k++) {
            int dim = order == MPI_ORDER_C ? DIMS - 1 - k : k;
            mine = mine && is_ours(arg, dim, left % sizes[dim]);
            left /= sizes[dim];
        }
        if (mine)
            place(m, o, i * extent_of(o), 1);
    }
    set_bounds(m, 0, total * extent_of(o));
}

struct box {
    int sizes[DIMS], subs[DIMS], starts[DIMS];
};

static bool in_box(const void *arg, int dim, int index)
{
    const struct box *b = arg;
    return index >= b->starts[dim] && index < b->starts[dim] + b->subs[dim];
}

static void subarray(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    struct box b;
    int order = pick(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
    for (int i = 0; i < DIMS; i++) {
        b.sizes[i] = 1 + pick(4);
        b.subs[i] = 1 + pick(b.sizes[i]);
        b.starts[i] = pick(b.sizes[i] - b.subs[i] + 1);
    }
    OK(MPI_Type_create_subarray(DIMS, b.sizes, b.subs, b.starts, order, old, t));
    place_array(m, o, b.sizes, order, in_box, &b);
}

struct grid {
    int sizes[DIMS], procs[DIMS], coord[DIMS], distrib[DIMS], arg[DIMS];
};

static bool in_grid(const void *arg, int dim, int index)
{
    const struct grid *g = arg;
    int block = g->arg[dim];
    if (g->distrib[dim] == MPI_DISTRIBUTE_NONE)
        return true;
    if (block == MPI_DISTRIBUTE_DFLT_DARG)
        block = g->distrib[dim] == MPI_DISTRIBUTE_CYCLIC ? 1 : (g->sizes[dim] + g->procs[dim] - 1) / g->procs[dim];
    return index / block % g->procs[dim] == g->coord[dim];
}

static void darray(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    static const int kinds[] = {MPI_DISTRIBUTE_NONE, MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC};
    struct grid g;
    int order = pick(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN, procs = 1, me = 0;
    for (int i = 0; i < DIMS; i++) {
        g.sizes[i] = 1 + pick(5);
        g.distrib[i] = kinds[pick(3)];
        g.procs[i] = g.distrib[i] == MPI_DISTRIBUTE_NONE ? 1 : 1 + pick(3);
        g.coord[i] = pick(g.procs[i]);
        g.arg[i] =
            pick(2) ? MPI_DISTRIBUTE_DFLT_DARG
                    : (g.distrib[i] == MPI_DISTRIBUTE_BLOCK ? (g.sizes[i] + g.procs[i] - 1) / g.procs[i] : 1) + pick(2);
        procs *= g.procs[i];
        me = me * g.procs[i] + g.coord[i];
    }
    OK(MPI_Type_create_darray(procs, me, DIMS, g.sizes, g.distrib, g.arg, g.procs, order, old, t));
    place_array(m, o, g.sizes, order, in_grid, &g);
}

static void dup(MPI_Datatype old, const struct map *o, MPI_Datatype *t, struct map *m)
{
    OK(MPI_Type_dup(old, t));
    *m = *o;
}

/* A type out of *t; elements in a row do not overlap. */
static void derive(MPI_Datatype *t, const struct map *o, struct map *m)
{
    static maker *const makers[] = {contiguous,     vector,  hvector,   indexed,  hindexed, indexed_block,
                                    hindexed_block, resized, structure, subarray, darray,   dup};
    MPI_Datatype next;
    long lo, hi;
    *m = (struct map){.align = 1};
    makers[pick(sizeof makers / sizeof *makers)](*t, o, &next, m);
    if (m->marked)
        m->lb = m->mark_lb, m->ub = m->mark_ub;
    OK(MPI_Type_free(t));
    *t = next;
    span(m, &lo, &hi);
    if (extent_of(m) < hi - lo) {
        OK(MPI_Type_create_resized(*t, lo, hi - lo, &next));
        OK(MPI_Type_free(t));
        *t = next;
        set_bounds(m, lo, hi - lo);
    }
}

static void check_bounds(MPI_Datatype t, const struct map *m)
{
    MPI_Count size_, lb, extent, lo, hi;
    OK(MPI_Type_size_c(t, &size_));
    OK(MPI_Type_get_extent_c(t, &lb, &extent));
    CHECK(size_ == m->n && lb == m->lb && extent == extent_of(m));
    long low, high;
    span(m, &low, &high);
    OK(MPI_Type_get_true_extent_c(t, &lo, &hi));
    CHECK(lo == low && hi == high - low);
}

struct buffer {
    unsigned char *all, *base;
    size_t n;
};

static struct buffer buffer_new(const struct map *m, int count)
{
    struct buffer b;
    long lo, hi;
    span(m, &lo, &hi);
    b.n = (size_t)(hi - lo + (count - 1) * extent_of(m)) + 1;
    b.all = malloc(b.n);
    b.base = b.all - lo;
    return b;
}

static void clear(struct buffer *b)
{
    memset(b->all, 0xee, b->n);
}

/* The bytes of the type are those, and no others were touched. */
static void check_buffer(struct buffer *b, const struct map *m, int count, const unsigned char *packed)
{
    for (int k = 0, p = 0; k < count; k++)
        for (int i = 0; i < m->n; i++, p++) {
            unsigned char *c = b->base + k * extent_of(m) + m->at[i];
            CHECK(*c == packed[p]);
            *c = 0xee;
        }
    for (size_t i = 0; i < b->n; i++)
        CHECK(b->all[i] == 0xee);
}

static MPI_Count elements_in(const struct map *m, int bytes)
{
    MPI_Count n = 0;
    for (int i = 0; i < bytes; i++)
        n += m->ends[i % m->n];
    return bytes == 0 || m->ends[(bytes - 1) % m->n] ? n : MPI_UNDEFINED;
}

/* A message of fewer bytes than there is room for, cut anywhere. */
static void partial(struct buffer *to, MPI_Datatype t, const struct map *m, int count, const unsigned char *packed)
{
    int n = m->n ? pick(m->n * count + 1) : 0, got;
    MPI_Count elements, again, want = n ? elements_in(m, n) : 0;
    MPI_Status st;
    OK(MPI_Sendrecv(packed, n, MPI_BYTE, 0, 4, to->base, count, t, 0, 4, MPI_COMM_SELF, &st));
    OK(MPI_Get_count(&st, t, &got));
    CHECK(got == (m->n == 0 ? 0 : n % m->n ? MPI_UNDEFINED : n / m->n));
    OK(MPI_Get_elements_x(&st, t, &elements));
    CHECK(elements == want);
    if (want == MPI_UNDEFINED)
        return;
    OK(MPI_Status_set_elements_x(&st, t, want));
    OK(MPI_Get_elements_x(&st, t, &again));
    CHECK(again == want);
}

/* Every rank has the same types and the same bytes. */
static void travel(const struct buffer *from, struct buffer *to, MPI_Datatype t, const struct map *m, int count,
                   const unsigned char *packed, unsigned char *flat)
{
    int n = m->n * count, next = (rank + 1) % size, prev = (rank + size - 1) % size, got;
    MPI_Comm c = MPI_COMM_WORLD;
    MPI_Status st;
    clear(to);
    OK(MPI_Sendrecv(from->base, count, t, next, 1, to->base, count, t, prev, 1, c, &st));
    OK(MPI_Get_count(&st, t, &got));
    CHECK(got == (n ? count : 0));
    check_buffer(to, m, count, packed);
    OK(MPI_Sendrecv(packed, n, MPI_BYTE, next, 2, to->base, count, t, prev, 2, c, MPI_STATUS_IGNORE));
    check_buffer(to, m, count, packed);
    memset(flat, 0, (size_t)n);
    OK(MPI_Sendrecv(from->base, count, t, next, 3, flat, n, MPI_BYTE, prev, 3, c, MPI_STATUS_IGNORE));
    CHECK(memcmp(flat, packed, (size_t)n) == 0);
}

static void compare(MPI_Datatype t, const struct map *m)
{
    int count = m->n && pick(6) == 0 ? 1 + LONG / m->n : 1 + pick(3), n = m->n * count, position = 0, room;
    unsigned char *packed = malloc((size_t)n + 1), *flat = malloc((size_t)n + 1);
    struct buffer from = buffer_new(m, count), to = buffer_new(m, count);
    check_bounds(t, m);
    for (size_t i = 0; i < from.n; i++)
        from.all[i] = (unsigned char)draw(&seed);
    OK(MPI_Pack_size(count, t, MPI_COMM_WORLD, &room));
    CHECK(room >= n);
    OK(MPI_Pack(from.base, count, t, packed, n, &position, MPI_COMM_WORLD));
    CHECK(position == n);
    for (int k = 0, p = 0; k < count; k++)
        for (int i = 0; i < m->n; i++)
            CHECK(packed[p++] == from.base[k * extent_of(m) + m->at[i]]);
    position = 0;
    clear(&to);
    OK(MPI_Unpack(packed, n, &position, to.base, count, t, MPI_COMM_WORLD));
    check_buffer(&to, m, count, packed);
    travel(&from, &to, t, m, count, packed, flat);
    partial(&to, t, m, count, packed);
    free(from.all), free(to.all), free(packed), free(flat);
}

/* Blocks farther apart than 32 bits tell: on the stack, on the heap, and static. */
static void far(void)
{
    enum { N = 6 };
    static int fixed[3] = {1, 2, 3};
    int local[2] = {4, 5}, *heap = malloc(sizeof *heap), lengths[N] = {1, 2, 1, 1, 0, 1}, out[6] = {0}, position = 0;
    const int *const all[N] = {&fixed[2], &local[0], heap, &fixed[0], heap, &fixed[1]}, want[6] = {3, 4, 5, 6, 1, 2};
    MPI_Aint at[N];
    MPI_Datatype t;
    *heap = 6;
    for (int i = 0; i < N; i++)
        OK(MPI_Get_address(all[i], &at[i]));
    OK(MPI_Type_create_hindexed(N, lengths, at, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_Pack(MPI_BOTTOM, 1, t, out, sizeof out, &position, MPI_COMM_SELF));
    CHECK(position == sizeof out && memcmp(out, want, sizeof out) == 0);
    OK(MPI_Type_free(&t));
    free(heap);
}

int main(int argc, char **argv)
{
    static struct map a, b;
    begin(&argc, &argv);
    far();
    for (int i = 0; i < 2000; i++) {
        MPI_Datatype t;
        basic(&t, &a);
        for (int depth = pick(5); depth > 0 && a.n > 0 && a.n < MOST / 300; depth--) {
            derive(&t, &a, &b);
            a = b;
        }
        OK(MPI_Type_commit(&t));
        compare(t, &a);
        OK(MPI_Type_free(&t));
    }
    return end();
}
