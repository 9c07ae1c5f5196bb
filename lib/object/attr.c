/* SPDX-License-Identifier: BSD-3-Clause
 *
 * attr: a keyval lives as long as it is not freed or an attribute uses it. */
#include "lib/object/attr.h"
#include <stdlib.h>
#include "lib/core/state.h"

struct keyval {
    enum attr_owner owner;
    attr_copy_fn *copy; /* NULL: not copied; 1: copied as it is */
    attr_delete_fn *del;
    void *extra;
    int refs;
    bool freed;
};

struct attr {
    struct attr *next;
    int keyval;
    bool dying; /* its delete callback runs, which may delete others: this one stays till it returns */
    void *value;
};

/* Keyvals of users are numbered above the predefined ones; a slot is used again after the last reference. */
enum { FIRST = 1000 };
static struct keyval *keyvals;
static int keyval_count;

static struct keyval *keyval_get(enum attr_owner owner, int k)
{
    if (k < FIRST || k - FIRST >= keyval_count)
        return NULL;
    struct keyval *v = &keyvals[k - FIRST];
    return v->refs && v->owner == owner ? v : NULL;
}

static void keyval_unref(int k)
{
    keyvals[k - FIRST].refs--;
}

int attr_keyval_create(enum attr_owner owner, void *copy, void *del, int *keyval, void *extra)
{
    int i = 0;
    while (i < keyval_count && keyvals[i].refs)
        i++;
    if (i == keyval_count) {
        struct keyval *p = realloc(keyvals, (size_t)(keyval_count + 1) * sizeof *p);
        if (!p)
            return MPI_ERR_NO_MEM;
        keyvals = p;
        keyval_count++;
    }
    keyvals[i] =
        (struct keyval){owner, (attr_copy_fn *)(uintptr_t)copy, (attr_delete_fn *)(uintptr_t)del, extra, 1, false};
    *keyval = FIRST + i;
    return MPI_SUCCESS;
}

int attr_keyval_free(enum attr_owner owner, int *keyval)
{
    struct keyval *v = keyval_get(owner, *keyval);
    if (!v)
        return MPI_ERR_KEYVAL;
    if (!v->freed) /* delete callbacks free the key once for each object; it is there as long as an attribute is */
        keyval_unref(*keyval);
    v->freed = true;
    *keyval = MPI_KEYVAL_INVALID;
    return MPI_SUCCESS;
}

static struct attr **find(struct attrs *a, int keyval)
{
    struct attr **p = &a->first;
    while (*p && (*p)->keyval != keyval)
        p = &(*p)->next;
    return p;
}

static int call_delete(void *handle, struct attr *a)
{
    struct keyval v = keyvals[a->keyval - FIRST];
    if (!v.del)
        return MPI_SUCCESS;
    a->dying = true;
    struct callback_state callback = callback_begin();
    int rc = v.del(handle, a->keyval, a->value, v.extra);
    callback_end(callback);
    a->dying = false;
    return rc;
}

static int add(struct attrs *a, int keyval, void *value)
{
    struct attr *n = malloc(sizeof *n);
    if (!n)
        return MPI_ERR_NO_MEM;
    *n = (struct attr){a->first, keyval, false, value};
    a->first = n;
    keyvals[keyval - FIRST].refs++;
    return MPI_SUCCESS;
}

int attr_set(struct attrs *a, enum attr_owner owner, void *handle, int keyval, void *value)
{
    struct keyval *v = keyval_get(owner, keyval);
    if (!v || v->freed)
        return MPI_ERR_KEYVAL;
    struct attr *old = *find(a, keyval);
    if (!old)
        return add(a, keyval, value);
    if (old->dying)
        return MPI_ERR_KEYVAL;
    int rc = call_delete(handle, old);
    if (rc == MPI_SUCCESS)
        old->value = value;
    return rc;
}

int attr_get(struct attrs *a, enum attr_owner owner, int keyval, void **value, int *flag)
{
    if (!keyval_get(owner, keyval))
        return MPI_ERR_KEYVAL;
    struct attr *p = *find(a, keyval);
    *flag = p != NULL;
    if (p)
        *value = p->value;
    return MPI_SUCCESS;
}

static int delete_one(struct attrs *a, struct attr *gone, void *handle)
{
    if (!gone || gone->dying)
        return MPI_ERR_KEYVAL;
    int rc = call_delete(handle, gone);
    if (rc != MPI_SUCCESS)
        return rc;
    *find(a, gone->keyval) = gone->next; /* found anew: its neighbours may have gone meanwhile */
    keyval_unref(gone->keyval);
    free(gone);
    return MPI_SUCCESS;
}

int attr_delete(struct attrs *a, enum attr_owner owner, void *handle, int keyval)
{
    if (!keyval_get(owner, keyval))
        return MPI_ERR_KEYVAL;
    return delete_one(a, *find(a, keyval), handle);
}

static int copy_one(const struct attr *a, struct attrs *to, void *handle)
{
    struct keyval v = keyvals[a->keyval - FIRST];
    void *out = a->value;
    int flag = v.copy != NULL, rc = MPI_SUCCESS;
    if (v.copy && (uintptr_t)v.copy != 1) {
        struct callback_state callback = callback_begin();
        rc = v.copy(handle, a->keyval, v.extra, a->value, &out, &flag);
        callback_end(callback);
    }
    return rc == MPI_SUCCESS && flag ? add(to, a->keyval, out) : rc;
}

/* The list as it is now, since the callbacks and other threads may change it; oldest first, so that the copies keep the
 * order. */
static struct attr *list_now(const struct attrs *from, int *count)
{
    int n = 0;
    for (const struct attr *a = from->first; a; a = a->next)
        n++;
    struct attr *list = malloc(((size_t)n + 1) * sizeof *list);
    *count = list ? n : 0;
    for (const struct attr *a = from->first; list && a; a = a->next) {
        keyvals[a->keyval - FIRST].refs++;
        list[--n] = *a;
    }
    return list;
}

int attr_copy_all(struct attrs *from, struct attrs *to, enum attr_owner owner, void *handle)
{
    int n, rc = MPI_SUCCESS;
    if (!from->first)
        return MPI_SUCCESS;
    struct attr *list = list_now(from, &n);
    if (!list)
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < n && rc == MPI_SUCCESS; i++)
        rc = copy_one(&list[i], to, handle);
    for (int i = 0; i < n; i++)
        keyval_unref(list[i].keyval);
    free(list);
    return rc;
}

int attr_delete_all(struct attrs *a, enum attr_owner owner, void *handle)
{
    while (a->first) {
        int rc = delete_one(a, a->first, handle);
        if (rc != MPI_SUCCESS)
            return rc;
    }
    return MPI_SUCCESS;
}

void attr_fini(void)
{
    free(keyvals);
    keyvals = NULL;
    keyval_count = 0;
}
