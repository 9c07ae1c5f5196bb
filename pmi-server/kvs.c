/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kvs.c: a table of key-values that can be walked while it grows.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/kvs.h"

#include "pmi-server/mem.h"

bool pmi_kvs_put(struct pmi_kvs *s, struct bytes key, struct bytes value)
{
    struct pmi_kv *e;
    HASH_FIND(hh, s->all, key.data, key.len, e);
    if (e && e->vlen == value.len && !memcmp(e->value, value.data, value.len))
        return false;
    bool other = e;
    if (e) {
        free(e->value);
    } else {
        e = pmi_mem_zero(1, sizeof *e + key.len + 1);
        e->klen = (uint32_t)key.len;
        memcpy(e->key, key.data, key.len);
        HASH_ADD_KEYPTR(hh, s->all, e->key, key.len, e);
    }
    e->value = pmi_mem_bytes(value.data, value.len);
    e->vlen = (uint32_t)value.len;
    return other;
}

const struct pmi_kv *pmi_kvs_get(const struct pmi_kvs *s, struct bytes key)
{
    struct pmi_kv *e;
    HASH_FIND(hh, s->all, key.data, key.len, e);
    return e;
}

void pmi_kvs_clear(struct pmi_kvs *s)
{
    struct pmi_kv *e, *next;
    HASH_ITER(hh, s->all, e, next)
    {
        HASH_DEL(s->all, e);
        free(e->value);
        free(e);
    }
    s->generation++;
}

const struct pmi_kv *pmi_kvs_next(const struct pmi_kvs *s, struct pmi_kvs_walk *w)
{
    if (w->generation != s->generation)
        *w = (struct pmi_kvs_walk){NULL, s->generation};
    const struct pmi_kv *e = w->last ? w->last->hh.next : s->all;
    if (e)
        w->last = e;
    return e;
}
