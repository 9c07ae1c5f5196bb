/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The jobs' key-values: put by barriers and by themselves, read by the proxies below.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_values.h"

#include <stdlib.h>
#include "pmi-server/key.h"
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "wire/pmi.h"

static void values_send(struct pmi_root_space *j, uint32_t child)
{
    struct buf b;
    if (!pmi_prefetch_take(&j->prefetch[child], &j->store, j->id, &b))
        return;
    pmi_quiet_sent(&j->quiets[child]);
    pmi_root_send(j->root, child, &b);
}

static void values_send_all(struct pmi_root_space *j)
{
    for (uint32_t i = 0; i < j->root->children; i++)
        values_send(j, i);
}

/* kv NULL: the key is absent. */
static void deliver(struct pmi_root_space *j, struct pmi_pending *p, const struct pmi_kv *kv)
{
    for (uint32_t i = 0; i < p->nchildren; i++) {
        struct pmi_prefetch *d = &j->prefetch[p->children[i]];
        if (kv)
            pmi_prefetch_value(d, pmi_pending_key(p), pmi_kv_value(kv));
        else
            pmi_prefetch_absent(d, pmi_pending_mode(p), pmi_pending_key(p));
        if (pmi_prefetch_full(d))
            values_send(j, p->children[i]);
    }
    pmi_pending_del(&j->pending, p);
}

/* Nobody can put these any more, or will have put them before. */
static void fail_pending(struct pmi_root_space *j, enum pmi_get_mode mode)
{
    struct pmi_pending *p, *next;
    HASH_ITER(hh, j->pending, p, next)
    {
        if (pmi_pending_mode(p) == mode)
            deliver(j, p, NULL);
    }
    values_send_all(j);
}

void pmi_root_values_check(struct pmi_root_space *j)
{
    if (!j->pending || !pmi_quiet_replied(j->quiets, j->root->children))
        return;
    bool quiet = pmi_quiet_all(j->quiets, j->root->children);
    fail_pending(j, PMI_GET_SETTLED);
    if (quiet)
        fail_pending(j, PMI_GET_WAIT);
}

static void store_put(struct pmi_root_space *j, struct bytes key, struct bytes value)
{
    j->stale |= pmi_kvs_put(&j->store, key, value);
    for (enum pmi_get_mode mode = 0; j->pending && mode < PMI_GET_MODES; mode++) {
        struct pmi_pending *p = pmi_pending_find(j->pending, mode, key);
        if (p)
            deliver(j, p, pmi_kvs_get(&j->store, key));
    }
}

/* Before ranks run: nobody has read what this replaces. */
int pmi_root_put(struct pmi_root *r, uint32_t job, const char *key, const char *value)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    if (!j || !*key || strlen(key) > PMI_KEY_MAX || strlen(value) > PMI_VALUE_MAX)
        return -1;
    pmi_kvs_put(&j->store, bytes_of(key), bytes_of(value));
    return 0;
}

void pmi_root_take_puts(struct pmi_root_space *j, const struct list *puts)
{
    struct pmi_control_pair p;
    struct rbuf r = list_items(puts);
    while (pmi_control_pair_next(&r, &p))
        store_put(j, p.key, p.value);
    if (j->eager)
        values_send_all(j);
}

static void make_eager(struct pmi_root_space *j)
{
    for (uint32_t i = 0; !j->eager && i < j->root->children; i++) {
        struct buf b;
        buf_init(&b);
        pmi_control_head_put(&b, &(struct pmi_control_head){PMI_CONTROL_EAGER, j->id});
        pmi_root_send(j->root, i, &b);
    }
    j->eager = true;
}

static void get_one(struct pmi_root_space *j, uint32_t child, enum pmi_get_mode mode, struct bytes key)
{
    struct pmi_prefetch *d = &j->prefetch[child];
    const struct pmi_kv *kv = pmi_kvs_get(&j->store, key);
    bool is_new;
    if (kv) {
        pmi_prefetch_value(d, key, pmi_kv_value(kv));
    } else if (mode == PMI_GET_NOW) {
        pmi_prefetch_absent(d, mode, key);
    } else {
        make_eager(j);
        pmi_pending_add_child(pmi_pending_take(&j->pending, mode, key, &is_new), child);
    }
    if (pmi_prefetch_full(d))
        values_send(j, child);
}

bool pmi_root_take_get(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_prefetch *d = &j->prefetch[child];
    struct pmi_control_get m;
    struct pmi_control_pending w;
    if (!pmi_control_get_get(r, &m))
        return false;
    d->credit = m.window < PMI_WINDOW_MAX ? m.window : PMI_WINDOW_MAX;
    struct rbuf gets = list_items(&m.gets);
    while (pmi_control_pending_next(&gets, &w))
        get_one(j, child, (enum pmi_get_mode)w.mode, w.key);
    values_send(j, child);
    pmi_root_values_check(j);
    return true;
}

bool pmi_root_take_quiet(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_quiet m;
    if (!pmi_control_quiet_get(r, &m))
        return false;
    pmi_quiet_heard(&j->quiets[child], m.quiet, m.received);
    pmi_root_values_check(j);
    return true;
}

void pmi_root_values_del(struct pmi_root_space *j)
{
    struct pmi_pending *p, *next;
    HASH_ITER(hh, j->pending, p, next)
    {
        pmi_pending_del(&j->pending, p);
    }
    for (uint32_t i = 0; i < j->root->children; i++)
        pmi_prefetch_fini(&j->prefetch[i]);
    free(j->prefetch);
    free(j->quiets);
    pmi_kvs_clear(&j->store);
}
