/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fuzz_topo: a topology from a proxy. What is accepted is written again as it came, and can be planned with.
 */
#include "wire/topo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(const struct topo *t)
{
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        for (uint32_t i = 0; i < t->kinds[kind].n; i++) {
            const struct topo_object *o = &t->kinds[kind].list[i];
            if (!o->n || o->first + o->n > t->nhwthreads)
                abort();
        }
    if (!t->capacity || !t->kinds[TOPO_CORE].n)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct rbuf r;
    rbuf_init(&r, data, size);
    struct topo *t = topo_get(&r);
    if (!t)
        return 0;
    struct buf b;
    buf_init(&b);
    check(t);
    topo_put(&b, t);
    if (b.len != r.pos || memcmp(b.data, data, b.len) != 0)
        abort();
    buf_fini(&b);
    topo_destroy(t);
    return 0;
}
