/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankmap.c: rank to node in compact form: built, asked, written and read.
 */
#include "wire/rankmap.h"

#include "wire/codec.h"

#include <stdlib.h>
#include <string.h>

static uint32_t block_ranks(const struct rankmap_block *b)
{
    return b->nodes * b->ranks_per_node * b->repeat;
}

static bool block_same_shape(const struct rankmap_block *a, const struct rankmap_block *b)
{
    return a->first == b->first && a->nodes == b->nodes && a->ranks_per_node == b->ranks_per_node;
}

/* Three passes over the same array, each shorter than the last: runs of one node, then runs of consecutive nodes
 * with as many ranks each, then repetitions. */
static uint32_t runs_of_a_node(struct rankmap_block *out, const uint32_t *node, uint32_t n)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (k && out[k - 1].first == node[i])
            out[k - 1].ranks_per_node++;
        else
            out[k++] = (struct rankmap_block){node[i], 1, 1, 1};
    }
    return k;
}

static uint32_t runs_of_nodes(struct rankmap_block *b, uint32_t n)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct rankmap_block *last = k ? &b[k - 1] : NULL;
        if (last && b[i].first == last->first + last->nodes && b[i].ranks_per_node == last->ranks_per_node)
            last->nodes++;
        else
            b[k++] = b[i];
    }
    return k;
}

static uint32_t repetitions(struct rankmap_block *b, uint32_t n)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (k && block_same_shape(&b[k - 1], &b[i]))
            b[k - 1].repeat++;
        else
            b[k++] = b[i];
    }
    return k;
}

int rankmap_build(struct rankmap *m, const uint32_t *node_of_rank, uint32_t nranks, uint32_t nnodes)
{
    *m = (struct rankmap){.nranks = nranks, .nnodes = nnodes};
    struct rankmap_block *b = malloc((nranks ? nranks : 1) * sizeof *b);
    if (!b)
        return -1;
    uint32_t n = runs_of_a_node(b, node_of_rank, nranks);
    n = runs_of_nodes(b, n);
    n = repetitions(b, n);
    struct rankmap_block *fit = realloc(b, (n ? n : 1) * sizeof *b);
    m->blocks = fit ? fit : b;
    m->nblocks = n;
    return 0;
}

void rankmap_fini(struct rankmap *m)
{
    free(m->blocks);
    *m = (struct rankmap){0};
}

uint32_t rankmap_node(const struct rankmap *m, uint32_t rank)
{
    for (uint32_t i = 0; i < m->nblocks; i++) {
        const struct rankmap_block *b = &m->blocks[i];
        uint32_t n = block_ranks(b);
        if (rank < n)
            return b->first + rank / b->ranks_per_node % b->nodes;
        rank -= n;
    }
    return UINT32_MAX;
}

static bool block_has(const struct rankmap_block *b, uint32_t node)
{
    return node >= b->first && node - b->first < b->nodes;
}

uint32_t rankmap_local(const struct rankmap *m, uint32_t rank)
{
    uint32_t node = rankmap_node(m, rank), before = 0;
    for (uint32_t i = 0; i < m->nblocks; i++) {
        const struct rankmap_block *b = &m->blocks[i];
        uint32_t n = block_ranks(b);
        if (rank < n)
            return before + rank / (b->nodes * b->ranks_per_node) * b->ranks_per_node + rank % b->ranks_per_node;
        rank -= n;
        before += block_has(b, node) ? b->ranks_per_node * b->repeat : 0;
    }
    return UINT32_MAX;
}

uint32_t rankmap_local_size(const struct rankmap *m, uint32_t node)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->nblocks; i++)
        if (block_has(&m->blocks[i], node))
            n += m->blocks[i].ranks_per_node * m->blocks[i].repeat;
    return n;
}

void rankmap_iter_init(struct rankmap_iter *it, const struct rankmap *m, uint32_t node)
{
    *it = (struct rankmap_iter){.map = m, .node = node};
}

bool rankmap_iter_next(struct rankmap_iter *it, uint32_t *rank)
{
    for (; it->block < it->map->nblocks; it->block++) {
        const struct rankmap_block *b = &it->map->blocks[it->block];
        if (block_has(b, it->node) && it->rep < b->repeat) {
            *rank = it->base + (it->rep * b->nodes + (it->node - b->first)) * b->ranks_per_node + it->i;
            if (++it->i == b->ranks_per_node) {
                it->i = 0;
                it->rep++;
            }
            return true;
        }
        it->base += block_ranks(b);
        it->rep = 0;
    }
    return false;
}

void rankmap_put(struct buf *b, const struct rankmap *m)
{
    buf_put_u32(b, m->nranks);
    buf_put_u32(b, m->nnodes);
    buf_put_u32(b, m->nblocks);
    for (uint32_t i = 0; i < m->nblocks; i++) {
        buf_put_u32(b, m->blocks[i].first);
        buf_put_u32(b, m->blocks[i].nodes);
        buf_put_u32(b, m->blocks[i].ranks_per_node);
        buf_put_u32(b, m->blocks[i].repeat);
    }
}

/* Within the job's nodes, not empty, and small enough that sums over blocks stay below 2^32. */
static bool block_valid(const struct rankmap_block *b, uint32_t nnodes, uint64_t left)
{
    if (!b->nodes || !b->ranks_per_node || !b->repeat)
        return false;
    if (b->first >= nnodes || b->nodes > nnodes - b->first)
        return false;
    uint64_t n = (uint64_t)b->nodes * b->ranks_per_node;
    return n <= left && b->repeat <= left / n;
}

static void block_get(struct rbuf *r, struct rankmap_block *b)
{
    b->first = rbuf_u32(r);
    b->nodes = rbuf_u32(r);
    b->ranks_per_node = rbuf_u32(r);
    b->repeat = rbuf_u32(r);
}

bool rankmap_get(struct rbuf *r, struct rankmap *m)
{
    *m = (struct rankmap){0};
    m->nranks = rbuf_u32(r);
    m->nnodes = rbuf_u32(r);
    uint32_t n = rbuf_count(r, 16);
    m->blocks = rbuf_array(r, n, sizeof *m->blocks);
    uint64_t left = m->nranks;
    while (rbuf_ok(r) && m->nblocks < n) {
        struct rankmap_block *b = &m->blocks[m->nblocks++];
        block_get(r, b);
        if (rbuf_ok(r) && block_valid(b, m->nnodes, left))
            left -= block_ranks(b);
        else
            r->bad = true;
    }
    if (rbuf_ok(r) && left == 0)
        return true;
    rankmap_fini(m);
    r->bad = true;
    return false;
}
