/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wire_type: layouts to bytes and back. What comes back is as sound as what the constructors make: parts have at least
 * one byte, no number overflows, no graph is deeper than those of types may be. */
#include "lib/rma/wire_type.h"
#include <stdlib.h>
#include "lib/datatype/builder.h"

enum { DEPTH_MOST = DATATYPE_DEPTH + 128 };

struct wire_type *wire_type_ref(struct wire_type *t)
{
    if (t)
        t->refs++;
    return t;
}

void wire_type_unref(struct wire_type *t)
{
    if (!t || --t->refs > 0)
        return;
    layout_unref(t->type.layout);
    free(t);
}

/* Layouts that were written, by address. */
struct written {
    struct buf *out;
    struct {
        const struct layout *l;
        uint32_t number; /* from 1 */
    } * table;
    uint32_t mask, used;
    uint32_t count; /* of those that have a number; the others are about to be written */
};

static uint32_t *written_place(struct written *w, const struct layout *l)
{
    uint32_t i = (uint32_t)(((uintptr_t)l >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & w->mask;
    while (w->table[i].l && w->table[i].l != l)
        i = (i + 1) & w->mask;
    w->used += !w->table[i].l;
    w->table[i].l = l;
    return &w->table[i].number;
}

/* It stays half empty. */
static bool written_grow(struct written *w)
{
    struct written more = {.mask = w->mask * 2 + 1};
    if (2 * (w->used + 1) <= w->mask)
        return true;
    if (!(more.table = calloc((size_t)more.mask + 1, sizeof *more.table)))
        return false;
    for (uint32_t i = 0; w->table && i <= w->mask; i++)
        if (w->table[i].l)
            *written_place(&more, w->table[i].l) = w->table[i].number;
    free(w->table);
    w->table = more.table;
    w->mask = more.mask;
    w->used = more.used;
    return true;
}

static uint32_t encode(struct written *w, const struct layout *l);

static void encode_parts(struct buf *b, const struct layout *l, const uint32_t *children)
{
    for (MPI_Count i = 0; i < l->count; i++) {
        struct layout_part p = layout_part(l, i);
        if (l->kind == LAYOUT_LIST) {
            buf_put_u64(b, (uint64_t)p.disp);
            buf_put_u64(b, (uint64_t)p.size);
            buf_put_u32(b, children[i]);
        } else {
            buf_put_u32(b, (uint32_t)p.disp);
            if (l->kind == LAYOUT_RUNS)
                buf_put_u32(b, (uint32_t)p.size);
        }
    }
}

static void encode_node(struct buf *b, const struct layout *l, const uint32_t *children)
{
    buf_put_u8(b, (uint8_t)l->kind);
    buf_put_u64(b, (uint64_t)l->count);
    if (l->kind == LAYOUT_LOOP)
        buf_put_u64(b, (uint64_t)l->stride);
    if (l->kind == LAYOUT_LOOP || l->kind == LAYOUT_BLOCKS)
        buf_put_u64(b, (uint64_t)l->each);
    if (l->kind == LAYOUT_LOOP)
        buf_put_u32(b, children[0]);
    else
        encode_parts(b, l, children);
}

/* The numbers of the parts' layouts, from malloc, which are written before. NULL without memory. */
static uint32_t *encode_children(struct written *w, const struct layout *l)
{
    MPI_Count n = l->kind == LAYOUT_LIST ? l->count : 1;
    uint32_t *children = calloc((size_t)n, sizeof *children);
    for (MPI_Count i = 0; children && i < n; i++) {
        const struct layout *child = l->kind == LAYOUT_LIST   ? l->pieces[i].child
                                     : l->kind == LAYOUT_LOOP ? l->child
                                                              : NULL;
        children[i] = child ? encode(w, child) : 0;
    }
    return children;
}

/* Its number. */
static uint32_t encode(struct written *w, const struct layout *l)
{
    if (!written_grow(w)) {
        w->out->failed = true;
        return 0;
    }
    uint32_t known = *written_place(w, l);
    if (known)
        return known;
    uint32_t *children = encode_children(w, l);
    if (children)
        encode_node(w->out, l, children);
    else
        w->out->failed = true;
    free(children);
    *written_place(w, l) = ++w->count; /* the table may have grown meanwhile */
    return w->count;
}

void wire_type_encode(struct buf *b, const struct datatype *t)
{
    struct buf nodes;
    struct written w = {.out = &nodes};
    buf_init(&nodes);
    if (!t->one_run)
        encode(&w, t->layout);
    buf_put_u64(b, (uint64_t)t->extent);
    buf_put_u64(b, (uint64_t)t->disp);
    buf_put_u32(b, (uint32_t)(t->basic + 1));
    buf_put_u64(b, (uint64_t)t->size);
    buf_put_u32(b, w.count);
    buf_put(b, nodes.data, nodes.len);
    b->failed |= nodes.failed;
    buf_fini(&nodes);
    free(w.table);
}

/* A node that was read: its layout, and where from its origin its bytes lie. */
struct node {
    struct layout *layout; /* a reference */
    MPI_Count lo, hi;
    uint32_t depth;
};

struct reading {
    struct rbuf in;
    struct node *nodes;
    uint32_t count;
    MPI_Count unit; /* each run is so many bytes, or a multiple of it */
    bool no_memory;
};

static bool is_size(const struct reading *r, MPI_Count n)
{
    return n > 0 && builder_near(n) && n % r->unit == 0;
}

/* A part at disp: a run of that size, or the node of a number, which has it. Widens what `all` reaches. */
static bool part_add(const struct reading *r, struct node *all, MPI_Count disp, MPI_Count size, uint32_t number,
                     struct layout **child)
{
    struct node run = {NULL, 0, size, 0};
    const struct node *c = number > 0 ? &r->nodes[number - 1] : &run;
    if (number > r->count || !is_size(r, size) || !builder_near(disp) || (number > 0 && c->layout->size != size))
        return false;
    MPI_Count lo = disp + c->lo, hi = disp + c->hi;
    if (!builder_near(lo) || !builder_near(hi) || c->depth + 1 > DEPTH_MOST)
        return false;
    all->lo = lo < all->lo ? lo : all->lo;
    all->hi = hi > all->hi ? hi : all->hi;
    all->depth = c->depth + 1 > all->depth ? c->depth + 1 : all->depth;
    *child = c->layout;
    return true;
}

static const size_t part_bytes[] = {[LAYOUT_LOOP] = 0, [LAYOUT_BLOCKS] = 4, [LAYOUT_RUNS] = 8, [LAYOUT_LIST] = 20};

/* The parts of a list, of runs, or of blocks of that size. */
static bool read_parts(struct reading *r, struct node *n, MPI_Count each)
{
    struct layout *l = n->layout, *child;
    MPI_Count at = 0;
    for (MPI_Count i = 0; i < l->count; i++) {
        bool list = l->kind == LAYOUT_LIST;
        MPI_Count disp = list ? (MPI_Count)rbuf_u64(&r->in) : (int32_t)rbuf_u32(&r->in);
        MPI_Count size = list                       ? (MPI_Count)rbuf_u64(&r->in)
                         : l->kind == LAYOUT_BLOCKS ? each
                                                    : (MPI_Count)rbuf_u32(&r->in);
        uint32_t number = list ? rbuf_u32(&r->in) : 0;
        if (!part_add(r, n, disp, size, number, &child) || !builder_near(at + size))
            return false;
        if (list)
            l->pieces[i] = (struct layout_piece){disp, at, layout_ref(child)};
        else if (l->kind == LAYOUT_RUNS)
            l->runs[i] = (struct layout_run){(int32_t)disp, (uint32_t)at};
        else
            l->disps[i] = (int32_t)disp;
        at += size;
        if (l->kind == LAYOUT_RUNS && at > (MPI_Count)UINT32_MAX)
            return false;
    }
    if (l->kind == LAYOUT_LIST)
        l->pieces[l->count] = (struct layout_piece){0, at, NULL};
    if (l->kind == LAYOUT_RUNS)
        l->runs[l->count] = (struct layout_run){0, (uint32_t)at};
    l->size = at;
    l->each = each;
    return true;
}

static bool read_loop(struct reading *r, struct node *n)
{
    struct layout *l = n->layout, *child;
    MPI_Count stride = (MPI_Count)rbuf_u64(&r->in), each = (MPI_Count)rbuf_u64(&r->in), reach;
    uint32_t number = rbuf_u32(&r->in);
    if (__builtin_mul_overflow(l->count - 1, stride, &reach) || __builtin_mul_overflow(l->count, each, &l->size) ||
        !is_size(r, l->size) || !part_add(r, n, 0, each, number, &child) ||
        !part_add(r, n, reach, each, number, &child))
        return false;
    l->stride = stride;
    l->each = each;
    l->child = layout_ref(child);
    return true;
}

static bool read_node(struct reading *r, struct node *n)
{
    bool ok = true;
    uint8_t kind = rbuf_u8(&r->in);
    MPI_Count count = (MPI_Count)rbuf_u64(&r->in), each;
    if (kind > LAYOUT_LIST || count < 1 || !builder_near(count) || !rbuf_ok(&r->in) ||
        (part_bytes[kind] > 0 && (uint64_t)count > (r->in.len - r->in.pos) / part_bytes[kind]))
        return false;
    *n = (struct node){.layout = layout_new((enum layout_kind)kind, 0, count, &ok), .lo = INT64_MAX, .hi = INT64_MIN};
    r->no_memory |= !ok;
    if (!ok)
        return false;
    if (kind == LAYOUT_LOOP) {
        n->layout->child = NULL;
        return read_loop(r, n) && rbuf_ok(&r->in);
    }
    for (MPI_Count i = 0; kind == LAYOUT_LIST && i < count; i++)
        n->layout->pieces[i].child = NULL;
    each = kind == LAYOUT_BLOCKS ? (MPI_Count)rbuf_u64(&r->in) : 0;
    return read_parts(r, n, each) && rbuf_ok(&r->in);
}

/* No smaller node than a loop has fewer bytes than that. */
enum { NODE_BYTES = 17 };

static bool read_nodes(struct reading *r, uint32_t n)
{
    if (n > (r->in.len - r->in.pos) / NODE_BYTES)
        return false;
    r->nodes = calloc(n ? n : 1, sizeof *r->nodes);
    r->no_memory = !r->nodes;
    for (; r->nodes && r->count < n; r->count++)
        if (!read_node(r, &r->nodes[r->count])) {
            layout_unref(r->nodes[r->count].layout);
            return false;
        }
    return r->nodes != NULL;
}

static bool fill(struct reading *r, struct datatype *t)
{
    t->extent = (MPI_Count)rbuf_u64(&r->in);
    t->disp = (MPI_Count)rbuf_u64(&r->in);
    uint32_t basic = rbuf_u32(&r->in);
    t->size = (MPI_Count)rbuf_u64(&r->in);
    uint32_t nodes = rbuf_u32(&r->in);
    if (!rbuf_ok(&r->in) || basic > BASIC_COUNT || !builder_near(t->extent) || !builder_near(t->disp))
        return false;
    t->basic = (int8_t)((int)basic - 1);
    /* Members of pairs are runs of their own. */
    r->unit = basic > 0 && basic_types[basic - 1].dense ? basic_types[basic - 1].size : 1;
    if (!read_nodes(r, nodes) || !rbuf_done(&r->in))
        return false;
    struct node all = {NULL, INT64_MAX, INT64_MIN, 0};
    struct layout *root;
    if (!part_add(r, &all, t->disp, t->size, nodes, &root) || (basic > 0 && t->size % basic_types[basic - 1].size != 0))
        return false;
    t->one_run = nodes == 0;
    t->dense = t->one_run && t->size == t->extent;
    t->lb = t->true_lb = all.lo;
    t->true_extent = all.hi - all.lo;
    bool ok = builder_near(t->true_extent);
    struct placed p = {t->disp, t->size, layout_ref(root)};
    t->layout = t->dense ? NULL : placed_layout(p, &ok);
    r->no_memory |= !t->dense && !t->layout;
    datatype_measure(t);
    return ok;
}

int wire_type_decode(const void *bytes, size_t n, struct wire_type **out)
{
    struct reading r = {.nodes = NULL};
    struct wire_type *t = calloc(1, sizeof *t);
    if (!t)
        return MPI_ERR_NO_MEM;
    t->refs = 1;
    rbuf_init(&r.in, bytes, n);
    bool ok = fill(&r, &t->type);
    for (uint32_t i = 0; i < r.count; i++)
        layout_unref(r.nodes[i].layout);
    free(r.nodes);
    if (ok) {
        *out = t;
        return MPI_SUCCESS;
    }
    wire_type_unref(t);
    return r.no_memory ? MPI_ERR_NO_MEM : MPI_ERR_TYPE;
}
