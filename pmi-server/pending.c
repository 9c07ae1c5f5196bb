/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Gets that wait for their keys.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/pending.h"

#include "pmi-server/key.h"
#include "pmi-server/mem.h"

static size_t index_make(char to[1 + PMI_KEY_BYTES_MAX], enum pmi_get_mode mode, struct bytes key)
{
    to[0] = (char)mode;
    memcpy(to + 1, key.data, key.len);
    return 1 + key.len;
}

struct pmi_pending *pmi_pending_find(struct pmi_pending *all, enum pmi_get_mode mode, struct bytes key)
{
    char index[1 + PMI_KEY_BYTES_MAX];
    struct pmi_pending *p;
    size_t n = index_make(index, mode, key);
    HASH_FIND(hh, all, index, n, p);
    return p;
}

struct pmi_pending *pmi_pending_take(struct pmi_pending **all, enum pmi_get_mode mode, struct bytes key, bool *is_new)
{
    struct pmi_pending *p = pmi_pending_find(*all, mode, key);
    *is_new = !p;
    if (p)
        return p;
    p = pmi_mem_zero(1, sizeof *p + 1 + key.len);
    p->klen = (uint32_t)index_make(p->key, mode, key);
    LIST_INIT(&p->requests);
    HASH_ADD_KEYPTR(hh, *all, p->key, p->klen, p);
    return p;
}

void pmi_pending_add_child(struct pmi_pending *p, uint32_t child)
{
    for (uint32_t i = 0; i < p->nchildren; i++)
        if (p->children[i] == child)
            return;
    p->children = pmi_mem_grow(p->children, p->nchildren + 1, sizeof *p->children);
    p->children[p->nchildren++] = child;
}

void pmi_pending_del(struct pmi_pending **all, struct pmi_pending *p)
{
    HASH_DEL(*all, p);
    free(p->children);
    free(p);
}

enum pmi_get_mode pmi_pending_mode(const struct pmi_pending *p)
{
    return (enum pmi_get_mode)p->key[0];
}

struct bytes pmi_pending_key(const struct pmi_pending *p)
{
    return (struct bytes){p->key + 1, p->klen - 1};
}
