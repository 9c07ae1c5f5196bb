/* SPDX-License-Identifier: BSD-3-Clause
 *
 * elements: pieces of memory come in batches from the layouts, which find any place in the packed form without walking;
 * so the cursor is a number, and a few pieces in store. */
#include "lib/rma/elements.h"
#include "lib/datatype/layout.h"

void elements_init(struct elements *e, const struct datatype *basic, MPI_Count count)
{
    e->basic = basic;
    e->left = count;
    e->sides = 0;
}

void elements_add(struct elements *e, struct operand buffer)
{
    struct elements_side *s = &e->side[e->sides++];
    s->buffer = buffer;
    s->from = 0;
    s->piece = s->count = 0;
    s->inside = 0;
}

/* The next batch of pieces. */
static void refill(struct elements_side *s)
{
    const struct operand *b = &s->buffer;
    size_t n = (size_t)(b->count * b->type->size - s->from);
    char *base = (char *)(uintptr_t)b->at;
    if (datatype_is_run(b->type, b->count)) {
        s->pieces[0] = (struct iovec){base + b->type->true_lb + s->from, n};
        s->count = 1;
    } else {
        s->count = layout_pieces(b->type->layout, b->type->extent, base + b->type->disp, s->from, &n, s->pieces,
                                 ELEMENTS_PIECES);
    }
    s->piece = 0;
    s->from += (MPI_Count)n;
}

/* Where it stands, and how many bytes follow there in a row. */
static char *here(struct elements_side *s, size_t *n)
{
    if (s->piece == s->count)
        refill(s);
    const struct iovec *p = &s->pieces[s->piece];
    *n = p->iov_len - s->inside;
    return (char *)p->iov_base + s->inside;
}

/* n bytes of the packed form are done. */
static void advance(struct elements_side *s, size_t n)
{
    while (n > 0) {
        size_t rest;
        here(s, &rest);
        if (n < rest) {
            s->inside += n;
            return;
        }
        n -= rest;
        s->inside = 0;
        s->piece++;
    }
}

MPI_Count elements_next(struct elements *e, MPI_Count most, char *at[])
{
    MPI_Count n = e->left < most ? e->left : most;
    size_t size = (size_t)e->basic->size;
    if (n > 1 && !e->basic->dense)
        n = 1;
    if (n == 0)
        return 0;
    for (int i = 0; i < e->sides; i++) {
        size_t row;
        at[i] = here(&e->side[i], &row);
        if (e->basic->dense && n > (MPI_Count)(row / size))
            n = (MPI_Count)(row / size);
    }
    for (int i = 0; i < e->sides; i++)
        advance(&e->side[i], (size_t)n * size);
    e->left -= n;
    return n;
}
