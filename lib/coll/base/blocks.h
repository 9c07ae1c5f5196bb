/* SPDX-License-Identifier: BSD-3-Clause
 *
 * blocks: a buffer that holds a block for each rank: equal counts; counts and displacements in elements; or in bytes,
 * with a type for each rank. */
#ifndef LIB_COLL_BASE_BLOCKS_H
#define LIB_COLL_BASE_BLOCKS_H

#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"

/* The bytes of (buf, count, t) in packed order. */
struct coll_data {
    const void *buf;
    MPI_Count count;
    const struct datatype *t;
};

static inline size_t coll_data_bytes(const struct coll_data *d)
{
    return (size_t)(d->count * d->t->size);
}

struct blocks {
    const void *buf;
    struct datatype *t;
    MPI_Count count;            /* equal */
    struct ints counts, displs; /* varying; counts.at not NULL */
    const MPI_Datatype *types;  /* then displs are in bytes */
};

#define BLOCKS_EQUAL(buf, count, t) ((struct blocks){(buf), (t), (count), {NULL, false}, {NULL, false}, NULL})
#define BLOCKS_VARYING(buf, counts, displs, t) ((struct blocks){(buf), (t), 0, (counts), (displs), NULL})
#define BLOCKS_TYPED(buf, counts, displs, types) ((struct blocks){(buf), NULL, 0, (counts), (displs), (types)})

static inline struct datatype *blocks_type(const struct blocks *v, int r)
{
    return v->types ? datatype_of(v->types[r]) : v->t;
}

static inline MPI_Count blocks_count(const struct blocks *v, int r)
{
    return v->counts.at ? ints_get(v->counts, r) : v->count;
}

static inline void *blocks_at(const struct blocks *v, int r)
{
    /* Without a sign: a block of no elements may have any displacement. */
    uintptr_t disp = v->counts.at ? (uintptr_t)ints_get(v->displs, r) : (uintptr_t)(r * v->count);
    return (void *)((uintptr_t)v->buf + (v->types ? disp : disp * (uintptr_t)v->t->extent));
}

static inline MPI_Count blocks_bytes(const struct blocks *v, int r)
{
    return blocks_count(v, r) * blocks_type(v, r)->size;
}

static inline struct coll_data blocks_data(const struct blocks *v, int r)
{
    return (struct coll_data){blocks_at(v, r), blocks_count(v, r), blocks_type(v, r)};
}

__attribute__((cold)) static inline int blocks_truncated(size_t bytes, size_t room)
{
    error_detail_set(MPI_ERR_TRUNCATE, "received %zu bytes into %zu", bytes, room);
    return MPI_ERR_TRUNCATE;
}

/* What a rank has for itself. */
static inline int blocks_own(const struct coll_data *from, const struct coll_data *to)
{
    if (coll_data_bytes(from) > coll_data_bytes(to))
        return blocks_truncated(coll_data_bytes(from), coll_data_bytes(to));
    return datatype_copy(from->buf, from->count, from->t, (void *)(uintptr_t)to->buf, to->count, to->t);
}

/* The first error of several. */
static inline int blocks_first(int rc, int next)
{
    return rc != MPI_SUCCESS ? rc : next;
}

#endif
