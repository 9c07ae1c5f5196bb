/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_ours: what this mpiexec has published at muster-names, or wishes to, to be published again where that is lost.
 */
#ifndef LAUNCHER_NAME_OURS_H
#define LAUNCHER_NAME_OURS_H

#include "wire/registry.h"

#include <uthash.h>

struct name_ours {
    UT_hash_handle hh; /* by name; in the order of publishing */
    struct registry_entry entry;
};

struct name_ours *name_ours_create(const struct registry_entry *e); /* a copy, of its name and port too */
void name_ours_free(struct name_ours *o);                           /* one of no table; NULL is allowed */

/* A table begins as NULL. */
void name_ours_add(struct name_ours **all, struct name_ours *o);
struct name_ours *name_ours_find(struct name_ours *all, struct bytes name); /* NULL: none of that name */
void name_ours_drop(struct name_ours **all, struct bytes name);             /* nothing where there is none */

#endif
