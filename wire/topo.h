/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo: the processors of one machine and the objects that hold them, as flat arrays: as they are planned with, and as
 * a proxy sends them. An object is a run of hardware threads in hwloc's logical order.
 */
#ifndef WIRE_TOPO_H
#define WIRE_TOPO_H

#include "wire/buf.h"

#define TOPO_HWTHREADS_MAX 65536u /* of one machine; a processor's number is below this */

enum topo_kind {
    TOPO_HWTHREAD,
    TOPO_CORE,
    TOPO_L1CACHE,
    TOPO_L2CACHE,
    TOPO_L3CACHE,
    TOPO_NUMA,
    TOPO_PACKAGE,
    TOPO_MACHINE,
    TOPO_NKINDS,
};

#define TOPO_WANT(kind) (1u << (kind))
#define TOPO_WANT_ALL (TOPO_WANT(TOPO_NKINDS) - 1)
#define TOPO_ALWAYS (TOPO_WANT(TOPO_HWTHREAD) | TOPO_WANT(TOPO_CORE) | TOPO_WANT(TOPO_MACHINE))

struct topo_hwthread {
    uint32_t os; /* the kernel's number */
    bool usable;
};

struct topo_object {
    uint32_t first, n; /* hardware threads first .. first + n - 1; at least one is usable */
};

struct topo_objects {
    struct topo_object *list; /* NULL: not asked for */
    uint32_t n;
};

struct topo {
    struct topo_hwthread *hwthreads; /* at least one is usable */
    uint32_t nhwthreads;
    uint32_t capacity; /* how many are usable */
    struct topo_objects kinds[TOPO_NKINDS];
};

void topo_put(struct buf *b, const struct topo *t);

/* The next topology of r, which topo_destroy frees. NULL: it is malformed, or does not have the kinds of TOPO_ALWAYS,
 * or memory is short. */
struct topo *topo_get(struct rbuf *r);
void topo_destroy(struct topo *t); /* takes NULL */

/* Of the bytes that topo_put wrote: two machines with one digest have one shape. Never 0. (FNV-1a, 64 bits: our own
 * proxies are not out to collide.) */
uint64_t topo_digest(const void *p, size_t n);

#endif
