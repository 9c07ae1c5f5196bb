/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wire_type: datatypes as processes tell one another of them: where bytes lie, and which basic type they are.
 *
 *     i64 extent, i64 displacement of the origin, u32 1 + basic type (0: several), i64 size,
 *     u32 nodes (0: it is one run), then each node, children first, the root last:
 *     u8 kind, i64 count, and
 *         LOOP    i64 stride, i64 size of a part, u32 1 + number of the child (0: a run)
 *         BLOCKS  i64 size of a part, for each: i32 displacement
 *         RUNS    for each: i32 displacement, u32 size
 *         LIST    for each: i64 displacement, i64 size, u32 1 + number of the child (0: a run)
 *
 * So what is shared in it is told once, and what names a child can only mean what came before. */
#ifndef LIB_RMA_WIRE_TYPE_H
#define LIB_RMA_WIRE_TYPE_H

#include "lib/datatype/datatype.h"
#include "wire/buf.h"

/* A type that was told. Only what moving data needs of it is set; it is no object of MPI. */
struct wire_type {
    int refs;
    struct datatype type;
};
struct wire_type *wire_type_ref(struct wire_type *t); /* NULL is fine, for both */
void wire_type_unref(struct wire_type *t);

/* Appends what describes the type; b->failed: without memory. */
void wire_type_encode(struct buf *b, const struct datatype *t);
/* MPI_ERR_TYPE: that describes none; MPI_ERR_NO_MEM. Takes no more memory than in proportion to n. */
int wire_type_decode(const void *bytes, size_t n, struct wire_type **out);

#endif
