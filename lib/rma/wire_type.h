/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wire_type: datatypes as processes tell one another of them: where bytes lie, and which basic type they are.
 *
 * A predefined type is its number. Another one is described once to each process, as its layout: nodes, children first,
 * so that what is shared in it is told once. It stays known there under the number of a slot until another one takes
 * that. */
#ifndef LIB_RMA_WIRE_TYPE_H
#define LIB_RMA_WIRE_TYPE_H

#include "lib/datatype/datatype.h"

enum { WIRE_SLOT = 0x8000, WIRE_SLOTS = 8 };

/* A type that was told. Only what moving data needs of it is set. */
struct wire_type {
    int refs;
    struct datatype type;
};
struct wire_type *wire_type_ref(struct wire_type *t); /* NULL is fine, for both */
void wire_type_unref(struct wire_type *t);

/* The bytes of a type's description, from malloc; NULL without memory. */
char *wire_type_encode(const struct datatype *t, size_t *n);
/* MPI_ERR_TYPE: it is not one; MPI_ERR_NO_MEM. */
int wire_type_decode(const char *bytes, size_t n, struct wire_type **out);

/* The types that one process has told another one. */
struct wire_types {
    int next; /* the slot that is taken next */
    struct {
        struct datatype *own;    /* at who tells: a reference */
        struct wire_type *known; /* at who is told */
        char *bytes;             /* of a description that has come in part */
        size_t got, all;
    } slot[WIRE_SLOTS];
};
void wire_types_free(struct wire_types *t); /* NULL is fine */

#endif
