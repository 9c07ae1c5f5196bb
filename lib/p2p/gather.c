/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gather: a long message that lies in many pieces goes out of them as its receiver asks for it. Large ones go as they
 * lie; small ones are packed, a part at a time, in one place for all messages: what of a part the network does not take
 * at once is still there when it asks again. */
#include "lib/datatype/layout.h"
#include "lib/p2p/protocol.h"

enum { WORTH = 1024, PART = 128 << 10 };

static char part[PART];
static struct {
    const struct p2p_request *of; /* NULL: nothing is there */
    uint64_t at;
    size_t n;
} packed;

static int pack(const struct p2p_request *r, uint64_t at, size_t *n, struct iovec *v)
{
    if (packed.of != r || at < packed.at || at - packed.at >= packed.n) {
        packed.of = r;
        packed.at = at;
        packed.n = *n < PART ? *n : PART;
        datatype_pack(r->datatype, r->sbuf, r->count, (MPI_Count)at, part, packed.n);
    }
    size_t skip = (size_t)(at - packed.at), left = packed.n - skip;
    *n = *n < left ? *n : left;
    v[0] = (struct iovec){part + skip, *n};
    return 1;
}

static int pieces(const void *of, uint64_t at, size_t *n, struct iovec *v, int most)
{
    const struct p2p_request *r = of;
    const struct datatype *t = r->datatype;
    size_t all = *n;
    int count = layout_pieces(t->layout, t->extent, (char *)(uintptr_t)r->sbuf + t->disp, (MPI_Count)at, n, v, most);
    if (*n / (size_t)count >= WORTH || *n == all)
        return count;
    *n = all;
    return pack(r, at, n, v);
}

bool gather_offer(struct p2p_request *r, void *key)
{
    if (packed.of == r) /* an earlier one of that place */
        packed.of = NULL;
    return r->peer->transport->mem_offer(r, pieces, (size_t)r->head.bytes, key, &r->mem);
}
