/* SPDX-License-Identifier: BSD-3-Clause
 *
 * info: ordered pairs of strings. */
#ifndef LIB_OBJECT_INFO_H
#define LIB_OBJECT_INFO_H

#include "lib/core/object.h"

struct info_pair {
    char *key, *value;
};
struct info {
    struct obj obj;
    struct info_pair *pairs;
    int count;
};

struct info *info_new(void);
struct info *info_copy(const struct info *from); /* from NULL: an empty one; NULL without memory */
void info_destroy(struct info *i);               /* NULL is fine */
const char *info_find(const struct info *i, const char *key);
int info_put(struct info *i, const char *key, const char *value);
void info_init(void); /* MPI_INFO_ENV */
void info_fini(void);

#endif
