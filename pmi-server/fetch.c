/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values. A put stays here until it goes up with a barrier. A get that cannot be answered here goes up once, however
 * many ranks and children wait for that key, together with the others of one turn of the loop; the answer is kept.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/fetch.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/attr.h"
#include "pmi-server/links.h"
#include "pmi-server/mem.h"

#define WIDE_MISSES 8 /* of one rank */

/* A key that was asked for and is not here. */
struct pmi_want {
    UT_hash_handle hh;
    struct pmi_asks asks;
    uint32_t *children; /* who wait for it too */
    uint32_t nchildren;
    bool sent;
    uint32_t klen;
    char key[];
};

static int check_put(const char *name, struct bytes value, const char **why)
{
    if (!*name)
        return *why = "the key is empty", PMI2_ERROR_KEY;
    if (strlen(name) > PMI_NAME_MAX)
        return *why = "the key is longer than 511 bytes", PMI2_ERROR_KEY_LENGTH;
    if (value.len > PMI_BLOB_MAX)
        return *why = "the value is longer than 4 MiB", PMI2_ERROR_VALUE_LENGTH;
    if (pmi_key_reserved(bytes_of(name)))
        return *why = "keys that begin with PMI_ are reserved", PMI2_ERROR_KEY;
    return 0;
}

void pmi_puts_flush(struct pmi_server_job *j)
{
    if (!j->nputs)
        return;
    struct buf b = pmi_up_begin(j, PMI_CONTROL_PUTS);
    pmi_control_puts_put(&b, &(struct pmi_control_puts){list_of(j->nputs, &j->puts)});
    buf_fini(&j->puts);
    j->nputs = 0;
    pmi_up_send(j->server, &b);
}

int pmi_put(struct pmi_client *c, uint32_t rank, const char *name, struct bytes value, const char **why)
{
    struct pmi_server_job *j = c->job;
    struct pmi_key k;
    int rc = check_put(name, value, why);
    if (rc)
        return rc;
    if (!pmi_client_may_store(c, strlen(name) + value.len))
        return *why = "this rank has put too many values", PMI2_ERROR_NOMEM;
    struct bytes key = pmi_key_make(&k, rank, name);
    j->stale |= pmi_kvs_put(&j->seen, key, value);
    if (j->nclients == j->size)
        return 0; /* nobody reads it elsewhere */
    pmi_control_pair_put(&j->puts, &(struct pmi_control_pair){key, value});
    pmi_mem_check(&j->puts);
    j->nputs++;
    if (j->puts.len > PMI_BATCH_MAX)
        pmi_puts_flush(j);
    return 0;
}

static struct pmi_want *want_find(const struct pmi_server_job *j, struct bytes key)
{
    struct pmi_want *w;
    HASH_FIND(hh, j->wants, key.data, key.len, w);
    return w;
}

static struct pmi_want *want_take(struct pmi_server_job *j, struct bytes key)
{
    struct pmi_want *w = want_find(j, key);
    if (w)
        return w;
    w = pmi_mem_zero(1, sizeof *w + key.len + 1);
    w->klen = (uint32_t)key.len;
    memcpy(w->key, key.data, key.len);
    LIST_INIT(&w->asks);
    HASH_ADD_KEYPTR(hh, j->wants, w->key, key.len, w);
    j->unsent = true;
    pmi_server_wake(j->server);
    return w;
}

static void want_free(struct pmi_server_job *j, struct pmi_want *w)
{
    HASH_DEL(j->wants, w);
    free(w->children);
    free(w);
}

static void fail_absent(struct pmi_ask *a)
{
    pmi_answer_fail(a, PMI2_ERROR_KEY, "no value for the key %s", a->detail);
}

void pmi_get_held(struct pmi_ask *a)
{
    struct pmi_client *c = a->client;
    struct pmi_server_job *j = a->of;
    struct pmi_key k;
    if (pmi_attr_reserved(a))
        return;
    struct bytes key = pmi_key_make(&k, a->rank, a->detail);
    const struct pmi_kv *kv = pmi_kvs_get(&j->seen, key);
    if (kv) {
        pmi_answer_value(a, pmi_kv_value(kv));
    } else if (pmi_kvs_get(&j->absent, key)) {
        fail_absent(a);
    } else {
        j->wide |= ++c->misses >= WIDE_MISSES;
        LIST_INSERT_HEAD(&want_take(j, key)->asks, a, parked);
    }
}

void pmi_get(struct pmi_ask *a, const char *space, uint32_t rank, const char *name)
{
    struct pmi_client *c = a->client;
    size_t len = strlen(name);
    if (!len || len > PMI_NAME_MAX) {
        pmi_answer_fail(a, PMI2_ERROR_KEY_LENGTH, "the key is %s", len ? "longer than 511 bytes" : "empty");
        return;
    }
    pmi_ask_detail(a, name);
    a->rank = rank;
    a->of = space ? pmi_job_named(c->job->server, space) : c->job;
    if (!a->of)
        pmi_answer_fail(a, PMI2_ERROR_INVALID_ARG, "no job is called %.100s", space);
    else if (c->fences && a->of == c->job && a->verb == PMI_ASK_GET)
        LIST_INSERT_HEAD(&c->held, a, parked);
    else
        pmi_get_held(a);
}

/* A process that serves no rank of a job does not hear when its values are replaced, and keeps none. */
static bool job_cached(const struct pmi_server_job *j)
{
    return j->nclients || j->below;
}

static uint32_t next_window(struct pmi_server_job *j)
{
    if (j->wide)
        j->window = j->window * 2 < PMI_WINDOW_MIN   ? PMI_WINDOW_MIN
                    : j->window * 2 > PMI_WINDOW_MAX ? PMI_WINDOW_MAX
                                                     : j->window * 2;
    uint32_t own = j->wide ? j->window : 0, window = own > j->child_window ? own : j->child_window;
    j->wide = false;
    j->child_window = 0;
    return job_cached(j) ? window : 0;
}

static void send_get(struct pmi_server_job *j, uint32_t window, struct buf *keys, uint32_t nkeys)
{
    struct buf b = pmi_up_begin(j, PMI_CONTROL_GET);
    pmi_control_get_put(&b, &(struct pmi_control_get){window, list_of(nkeys, keys)});
    pmi_mem_check(keys);
    buf_clear(keys);
    pmi_up_send(j->server, &b);
}

void pmi_fetch_flush(struct pmi_server_job *j)
{
    struct pmi_want *w, *next;
    struct buf keys;
    uint32_t n = 0;
    if (!j->unsent)
        return;
    j->unsent = false;
    buf_init(&keys);
    HASH_ITER(hh, j->wants, w, next)
    {
        if (w->sent)
            continue;
        w->sent = true;
        pmi_control_key_put(&keys, &(struct pmi_control_key){{w->key, w->klen}});
        n++;
        if (keys.len > PMI_BATCH_MAX) {
            send_get(j, 0, &keys, n);
            n = 0;
        }
    }
    if (n)
        send_get(j, next_window(j), &keys, n);
    buf_fini(&keys);
}

static void reader_send(struct pmi_server_job *j, uint32_t child)
{
    struct buf b;
    if (pmi_reader_take(&j->readers[child], &j->seen, j->id, &b))
        pmi_down_send(j->server, child, &b);
}

static void want_add_child(struct pmi_want *w, uint32_t child)
{
    for (uint32_t i = 0; i < w->nchildren; i++)
        if (w->children[i] == child)
            return;
    w->children = pmi_mem_grow(w->children, w->nchildren + 1, sizeof *w->children);
    w->children[w->nchildren++] = child;
}

bool pmi_fetch_child_get(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    struct pmi_reader *d = &j->readers[child];
    struct pmi_control_get m;
    struct pmi_control_key k;
    if (!pmi_control_get_get(r, &m))
        return false;
    d->credit = m.window < PMI_WINDOW_MAX ? m.window : PMI_WINDOW_MAX;
    struct rbuf keys = list_items(&m.keys);
    while (pmi_control_key_next(&keys, &k)) {
        const struct bytes key = k.key;
        const struct pmi_kv *kv = pmi_kvs_get(&j->seen, key);
        if (kv) {
            pmi_reader_value(d, key, pmi_kv_value(kv));
        } else if (pmi_kvs_get(&j->absent, key)) {
            pmi_reader_absent(d, key);
        } else {
            j->child_window = d->credit > j->child_window ? d->credit : j->child_window;
            want_add_child(want_take(j, key), child);
        }
        if (pmi_reader_full(d))
            reader_send(j, child);
    }
    reader_send(j, child);
    return true;
}

/* value.data NULL: the key is absent. A NUL stands behind the value. */
static void deliver(struct pmi_server_job *j, struct pmi_want *w, struct bytes value)
{
    struct pmi_ask *a;
    struct bytes key = {w->key, w->klen};
    while ((a = LIST_FIRST(&w->asks)))
        if (value.data)
            pmi_answer_value(a, value);
        else
            fail_absent(a);
    for (uint32_t i = 0; i < w->nchildren; i++) {
        struct pmi_reader *d = &j->readers[w->children[i]];
        if (value.data)
            pmi_reader_value(d, key, value);
        else
            pmi_reader_absent(d, key);
        if (pmi_reader_full(d))
            reader_send(j, w->children[i]);
    }
    want_free(j, w);
}

static void take_absent(struct pmi_server_job *j, struct bytes key)
{
    if (pmi_key_reserved(key))
        pmi_kvs_put(&j->absent, key, bytes_of(""));
    struct pmi_want *w = want_find(j, key);
    if (w)
        deliver(j, w, (struct bytes){0});
}

static void deliver_copy(struct pmi_server_job *j, struct pmi_want *w, struct bytes value)
{
    char *copy = pmi_mem_bytes(value.data, value.len);
    deliver(j, w, (struct bytes){copy, value.len});
    free(copy);
}

/* What is here already is as new, or newer: it was put by a rank of this node. */
static void take_value(struct pmi_server_job *j, struct bytes key, struct bytes value)
{
    const struct pmi_kv *kv = pmi_kvs_get(&j->seen, key);
    if (!kv && job_cached(j)) {
        pmi_kvs_put(&j->seen, key, value);
        kv = pmi_kvs_get(&j->seen, key);
    }
    struct pmi_want *w = want_find(j, key);
    if (w && kv)
        deliver(j, w, pmi_kv_value(kv));
    else if (w)
        deliver_copy(j, w, value);
}

bool pmi_fetch_values(struct pmi_server_job *j, struct rbuf *r)
{
    struct pmi_control_values m;
    struct pmi_control_key k;
    struct pmi_control_pair p;
    if (!pmi_control_values_get(r, &m))
        return false;
    struct rbuf absent = list_items(&m.absent), values = list_items(&m.values);
    while (pmi_control_key_next(&absent, &k))
        take_absent(j, k.key);
    while (pmi_control_pair_next(&values, &p))
        take_value(j, p.key, p.value);
    for (uint32_t i = 0; i < j->server->children; i++)
        reader_send(j, i);
    return true;
}

void pmi_fetch_job_del(struct pmi_server_job *j)
{
    struct pmi_want *w, *next;
    HASH_ITER(hh, j->wants, w, next)
    {
        while (!LIST_EMPTY(&w->asks)) /* of ranks of other jobs: this one's are gone */
            pmi_answer_fail(LIST_FIRST(&w->asks), PMI2_ERROR_OTHER, "the job has ended");
        want_free(j, w);
    }
    for (uint32_t i = 0; i < j->server->children; i++)
        pmi_reader_fini(&j->readers[i]);
    free(j->readers);
    pmi_kvs_clear(&j->seen);
    pmi_kvs_clear(&j->absent);
    buf_fini(&j->puts);
}
