/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_type: the types that are not predefined, by which two processes talk of elements: each is told once, and has a
 * number until another one takes it. */
#ifndef LIB_RMA_FAR_TYPE_H
#define LIB_RMA_FAR_TYPE_H

#include "lib/rma/wire_type.h"

struct target;
struct far_types;

/* From this number on; below it, those of basic types. */
enum { FAR_TYPE_FIRST = 0x8000 };

/* The number by which t knows a type, which it is told if need be. It may wait. */
int far_type_tell(struct target *t, const struct datatype *type, uint16_t *number);
/* A part of a type's description, of `all` bytes, has come from t. False: without memory. */
bool far_type_told(struct target *t, uint16_t number, int64_t from, int64_t all, const char *data, size_t n);
/* The type that t has told under that number; NULL: none. */
struct wire_type *far_type_of(const struct target *t, uint16_t number);
void far_types_free(struct far_types *types); /* NULL is fine */

#endif
