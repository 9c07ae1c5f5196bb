/* SPDX-License-Identifier: BSD-3-Clause
 *
 * envelope: how a datatype was made, for MPI_Type_get_envelope and _contents, and for walks over its basic elements.
 * A type made by a large-count function keeps counts and displacements as large counts, in the order of the arguments.
 */
#ifndef LIB_DATATYPE_ENVELOPE_H
#define LIB_DATATYPE_ENVELOPE_H

#include "lib/datatype/datatype.h"

struct envelope {
    int combiner;
    bool wide;
    bool failed;          /* out of memory while it was filled */
    int64_t n[4], cap[4]; /* integers, addresses, large counts, datatypes */
    int64_t *v[3];
    struct datatype **types; /* counted */
};
enum { ENV_INT, ENV_ADDR, ENV_COUNT, ENV_TYPE };

struct envelope *envelope_new(int combiner, bool wide);
void envelope_int(struct envelope *e, int64_t v);
void envelope_count(struct envelope *e, int64_t v); /* an integer, or a large count if wide */
void envelope_addr(struct envelope *e, int64_t v);  /* an address, or a large count if wide */
void envelope_type(struct envelope *e, struct datatype *t);
void envelope_free(struct envelope *e);

#endif
