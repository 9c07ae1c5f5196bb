/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Readers that run out of blocks before they run out of ranks start again at the first block whose node is 0. So where
 * that is the very first block, a map that repeats its first p blocks (the last time perhaps not to the end) is these
 * p.
 */
#include "pmi-server/mapping.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "pmi-server/mem.h"

#define BLOCK_TEXT_MIN 8 /* characters: ",(0,1,1)" */

/* Walks a map's repetitions one by one, or the runs of ranks on one node. */
struct walk {
    const struct rankmap *m;
    uint32_t block, rep, node;
};

static bool next_block(struct walk *w, struct rankmap_block *out)
{
    if (w->block == w->m->nblocks)
        return false;
    *out = w->m->blocks[w->block];
    if (++w->rep == out->repeat) {
        w->rep = 0;
        w->block++;
    }
    return true;
}

static bool next_run(struct walk *w, uint32_t *node, uint32_t *ranks)
{
    if (w->block == w->m->nblocks)
        return false;
    const struct rankmap_block *b = &w->m->blocks[w->block];
    *node = b->first + w->node;
    *ranks = b->ranks_per_node;
    if (++w->node == b->nodes) {
        w->node = 0;
        if (++w->rep == b->repeat) {
            w->rep = 0;
            w->block++;
        }
    }
    return true;
}

static bool at_end(const struct walk *w)
{
    return w->block == w->m->nblocks;
}

/* Is the map what the first n blocks give when they are used again and again? */
static bool repeats(const struct rankmap *m, struct rankmap_block *first, uint32_t n)
{
    const struct rankmap base = {.blocks = first, .nblocks = n};
    struct walk all = {m, 0, 0, 0}, again = {&base, 0, 0, 0};
    uint32_t node, ranks, base_node, base_ranks;
    while (next_run(&all, &node, &ranks)) {
        if (at_end(&again))
            again = (struct walk){&base, 0, 0, 0};
        next_run(&again, &base_node, &base_ranks);
        if (node != base_node || ranks > base_ranks || (ranks < base_ranks && !at_end(&all)))
            return false;
    }
    return true;
}

static char *print(const struct rankmap_block *b, uint32_t n, size_t max)
{
    struct buf out;
    buf_init(&out);
    buf_put(&out, "(vector", 7);
    for (uint32_t i = 0; i < n && out.len <= max; i++) {
        char one[48];
        int len = snprintf(one, sizeof one, ",(%u,%u,%u)", b[i].first, b[i].nodes, b[i].ranks_per_node);
        buf_put(&out, one, (size_t)len);
    }
    buf_put(&out, ")", 2);
    pmi_mem_check(&out);
    if (out.len - 1 > max)
        out.data[0] = 0;
    return (char *)out.data;
}

char *pmi_mapping_text(const struct rankmap *m, size_t max)
{
    size_t cap = max / BLOCK_TEXT_MIN + 1; /* more do not fit, and are not worth the search */
    struct rankmap_block *b = pmi_mem_zero(cap, sizeof *b);
    struct walk w = {m, 0, 0, 0};
    uint32_t n = 0;
    char *text;
    while (n < cap && next_block(&w, &b[n])) {
        b[n++].repeat = 1;
        if (b[0].first == 0 && repeats(m, b, n))
            goto print;
    }
    if (!at_end(&w) || n == 0) {
        free(b);
        return pmi_mem_str("");
    }
print:
    text = print(b, n, max);
    free(b);
    return text;
}
