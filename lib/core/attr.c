/* SPDX-License-Identifier: BSD-3-Clause
 *
 * attr: a keyval lives as long as it is not freed or an attribute uses it. */
#include "lib/core/attr.h"
#include <stdlib.h>

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
    if (!v || v->freed)
        return MPI_ERR_KEYVAL;
    v->freed = true;
    keyval_unref(*keyval);
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

static int call_delete(void *handle, int keyval, void *value)
{
    struct keyval v = keyvals[keyval - FIRST];
    return v.del ? v.del(handle, keyval, value, v.extra) : MPI_SUCCESS;
}

static int add(struct attrs *a, int keyval, void *value)
{
    struct attr *n = malloc(sizeof *n);
    if (!n)
        return MPI_ERR_NO_MEM;
    *n = (struct attr){a->first, keyval, value};
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
    int rc = call_delete(handle, keyval, old->value);
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

static int delete_at(struct attr **p, void *handle)
{
    struct attr *gone = *p;
    int rc = call_delete(handle, gone->keyval, gone->value);
    if (rc != MPI_SUCCESS)
        return rc;
    *p = gone->next;
    keyval_unref(gone->keyval);
    free(gone);
    return MPI_SUCCESS;
}

int attr_delete(struct attrs *a, enum attr_owner owner, void *handle, int keyval)
{
    if (!keyval_get(owner, keyval))
        return MPI_ERR_KEYVAL;
    struct attr **p = find(a, keyval);
    return *p ? delete_at(p, handle) : MPI_ERR_KEYVAL;
}

int attr_copy_all(struct attrs *from, struct attrs *to, enum attr_owner owner, void *handle)
{
    /* Oldest first, so that the copies keep the order. */
    struct attr *stop = NULL;
    while (from->first != stop) {
        struct attr *a = from->first;
        while (a->next != stop)
            a = a->next;
        stop = a;
        struct keyval v = keyvals[a->keyval - FIRST];
        void *out = a->value;
        int flag = v.copy != NULL, rc = MPI_SUCCESS;
        if (v.copy && (uintptr_t)v.copy != 1)
            rc = v.copy(handle, a->keyval, v.extra, a->value, &out, &flag);
        if (rc == MPI_SUCCESS && flag)
            rc = add(to, a->keyval, out);
        if (rc != MPI_SUCCESS)
            return rc;
    }
    return MPI_SUCCESS;
}

int attr_delete_all(struct attrs *a, enum attr_owner owner, void *handle)
{
    while (a->first) {
        int rc = delete_at(&a->first, handle);
        if (rc != MPI_SUCCESS)
            return rc;
    }
    return MPI_SUCCESS;
}
