/* SPDX-License-Identifier: BSD-3-Clause
 *
 * attr: keyvals, and the attributes of communicators, datatypes and windows. */
#ifndef LIB_OBJECT_ATTR_H
#define LIB_OBJECT_ATTR_H

#include "lib/core/types.h"

struct attr;
struct attrs {
    struct attr *first; /* the last one set comes first, so that deletion goes backwards */
};

enum attr_owner { ATTR_COMM, ATTR_TYPE, ATTR_WIN };

/* Copy and delete functions by their real type, handle first; all three kinds of handle are pointers. */
typedef int attr_copy_fn(void *handle, int keyval, void *extra, void *in, void *out, int *flag);
typedef int attr_delete_fn(void *handle, int keyval, void *value, void *extra);

int attr_keyval_create(enum attr_owner owner, void *copy, void *del, int *keyval, void *extra);
int attr_keyval_free(enum attr_owner owner, int *keyval);
int attr_set(struct attrs *a, enum attr_owner owner, void *handle, int keyval, void *value);
int attr_get(struct attrs *a, enum attr_owner owner, int keyval, void **value, int *flag);
int attr_delete(struct attrs *a, enum attr_owner owner, void *handle, int keyval);
int attr_copy_all(struct attrs *from, struct attrs *to, enum attr_owner owner, void *handle);
int attr_delete_all(struct attrs *a, enum attr_owner owner, void *handle);
void attr_fini(void);

#endif
