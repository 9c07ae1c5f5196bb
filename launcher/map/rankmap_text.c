/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankmap_text: a parser of blocks and repetitions.
 */
#include "launcher/map/rankmap_text.h"

#include "common/xalloc.h"
#include "launcher/map/excerpt.h"
#include "launcher/map/place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *text, *p;
    uint32_t nnodes;
    uint32_t depth; /* of brackets */
    size_t closed;  /* blocks before this one are not to be touched: they were or will be repeated */
    struct rankmap_text *m;
    struct err *e;
};

#define DEPTH 16u
#define BLOCKS (1u << 22)

static int fail(const struct reader *in, const char *at, const char *message)
{
    return excerpt_err(in->e, "-rankmap", in->text, strlen(in->text), (size_t)(at - in->text), message);
}

static bool take(struct reader *in, const char *word)
{
    size_t len = strlen(word);
    in->p += strspn(in->p, " \t\n");
    if (strncmp(in->p, word, len))
        return false;
    in->p += len;
    return true;
}

static int expect(struct reader *in, const char *word, const char *message)
{
    return take(in, word) ? 0 : fail(in, in->p, message);
}

static int take_number(struct reader *in, uint32_t *v)
{
    in->p += strspn(in->p, " \t\n");
    const char *start = in->p;
    uint64_t n = 0;
    for (; *in->p >= '0' && *in->p <= '9' && n <= PLACE_RANKS_LIMIT; in->p++)
        n = n * 10 + (uint64_t)(*in->p - '0');
    if (in->p == start)
        return fail(in, start, "a number is expected here");
    if (n > PLACE_RANKS_LIMIT)
        return fail(in, start, "this number is too large");
    *v = (uint32_t)n;
    return 0;
}

static int add(struct reader *in, struct rankmap_text_block b, const char *at)
{
    struct rankmap_text *m = in->m;
    char message[100];
    if ((uint64_t)b.node + b.nnodes > in->nnodes) {
        snprintf(message, sizeof message, "there is no such node: the %u hosts are nodes 0 to %u", in->nnodes,
                 in->nnodes - 1);
        return fail(in, at, in->nnodes == 1 ? "there is no such node: the only host is node 0" : message);
    }
    if (!b.nnodes || !b.each)
        return fail(in, at, "this block is empty");
    m->nranks += (uint64_t)b.nnodes * b.each;
    if (m->nranks > PLACE_RANKS_LIMIT || m->nblocks == BLOCKS)
        return fail(in, at, "these are more ranks than one job can have");
    if (!(m->nblocks & (m->nblocks - 1))) /* a power of two, or none: full */
        m->blocks = xreallocarray(m->blocks, m->nblocks ? 2 * m->nblocks : 1, sizeof *m->blocks);
    m->blocks[m->nblocks++] = b;
    return 0;
}

/* (first node, nodes, ranks on each), its parenthesis already taken */
static int take_block(struct reader *in)
{
    struct rankmap_text_block b;
    const char *start = in->p;
    if (take_number(in, &b.node) || expect(in, ",", "a comma is expected here") || take_number(in, &b.nnodes) ||
        expect(in, ",", "a comma is expected here") || take_number(in, &b.each) ||
        expect(in, ")", "a closing parenthesis is expected here"))
        return -1;
    return add(in, b, start);
}

/* A node for one rank. Equal neighbours become one block. */
static int take_node(struct reader *in)
{
    uint32_t node;
    const char *start = in->p;
    struct rankmap_text *m = in->m;
    if (take_number(in, &node))
        return -1;
    struct rankmap_text_block *last = m->nblocks > in->closed ? &m->blocks[m->nblocks - 1] : NULL;
    if (!last || last->node != node || last->nnodes != 1)
        return add(in, (struct rankmap_text_block){node, 1, 1}, start);
    last->each++;
    m->nranks++;
    return 0;
}

static int take_items(struct reader *in);

/* [items]xN, its bracket already taken */
static int take_repeat(struct reader *in)
{
    struct rankmap_text *m = in->m;
    const char *start = in->p;
    size_t first = in->closed = m->nblocks;
    uint32_t times;
    if (++in->depth > DEPTH)
        return fail(in, start, "brackets are nested too deeply here");
    if (take_items(in) || expect(in, "]", "a closing bracket is expected here") ||
        expect(in, "x", "a number of times is expected here, such as x8") || take_number(in, &times))
        return -1;
    if (!times)
        return fail(in, start, "this is repeated zero times");
    in->depth--;
    size_t end = m->nblocks;
    while (--times)
        for (size_t i = first; i < end; i++)
            if (add(in, m->blocks[i], start))
                return -1;
    in->closed = m->nblocks;
    return 0;
}

static int take_items(struct reader *in)
{
    int rc;
    do {
        if (take(in, "("))
            rc = take_block(in);
        else
            rc = take(in, "[") ? take_repeat(in) : take_node(in);
    } while (!rc && take(in, ","));
    return rc;
}

static int take_vector(struct reader *in)
{
    return expect(in, ",", "a comma is expected here") || take_items(in) ||
                   expect(in, ")", "a closing parenthesis is expected here")
               ? -1
               : 0;
}

int rankmap_text_parse(struct rankmap_text *m, const char *text, uint32_t nnodes, struct err *e)
{
    *m = (struct rankmap_text){0};
    struct reader in = {.text = text, .p = text, .nnodes = nnodes, .m = m, .e = e};
    int rc = take(&in, "(vector") ? take_vector(&in) : take_items(&in);
    in.p += strspn(in.p, " \t\n");
    if (!rc && *in.p)
        rc = fail(&in, in.p, "the map should end here");
    return rc;
}

void rankmap_text_fini(struct rankmap_text *m)
{
    free(m->blocks);
    *m = (struct rankmap_text){0};
}

void rankmap_text_apply(const struct rankmap_text *m, struct map_plan *p)
{
    uint32_t rank = 0;
    for (size_t i = 0; rank < p->nranks; i = (i + 1) % m->nblocks) {
        const struct rankmap_text_block *b = &m->blocks[i];
        for (uint32_t n = 0; n < b->nnodes; n++)
            for (uint32_t k = 0; k < b->each && rank < p->nranks; k++)
                p->ranks[rank++].node = b->node + n;
    }
}
